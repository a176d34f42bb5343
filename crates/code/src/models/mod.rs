//! What library functions do, as data: `rules/code/models/*.toml`. Adding a function is adding a row.
//!
//! A model says nothing of a processor or of a library's build: arguments are numbered as in C, contents are byte strings. A function
//! that no model names is taken to do nothing to memory and to give back something unknown; it is counted as unresolved.

mod schema;

use std::{collections::HashMap, sync::LazyLock};

pub use schema::{
    Acts, Allocation, BROUGHT, Bus, Callback, Checks, Class, Compares, Copies, Ends, Exports, File, Finds, Formats, Gives, How, Known,
    Maps, Means, Model, Opens, Options, Outcome, Reads, Redirects, Rows, Sends, Service, Table, Tests,
};

use crate::rules::files;

/// Models by name.
#[derive(Debug)]
pub struct Models {
    models: Vec<Model>,
    names: HashMap<String, usize>,
}

impl Models {
    /// The models that are built into the program.
    pub fn built_in() -> &'static Self {
        // A malformed file is a defect of the build; a test reads every one.
        static MODELS: LazyLock<Models> = LazyLock::new(|| Models::parse(files()).unwrap_or_else(|_| Models::empty()));
        &MODELS
    }

    fn empty() -> Self {
        Self { models: Vec::new(), names: HashMap::new() }
    }

    /// Reads the files of the folder `models`.
    ///
    /// # Errors
    /// Which file is not what it should be, or names a function a second time.
    pub fn parse(files: Vec<(String, &str)>) -> Result<Self, String> {
        let mut all = Self::empty();
        for (name, text) in files.into_iter().filter(|(name, _)| name.starts_with("code/models/")) {
            let file: File = toml::from_str(text).map_err(|error| format!("{name}: {error}"))?;
            for model in file.functions {
                for function in &model.names {
                    if all.names.insert(function.clone(), all.models.len()).is_some() {
                        return Err(format!("{name}: {function} has a model already"));
                    }
                }
                all.models.push(model);
            }
        }
        Ok(all)
    }

    /// The model of the function `name`, also under the names that C libraries give it for larger files, checked buffers or other
    /// standards (`fopen64`, `__sprintf_chk`, `__isoc99_sscanf`).
    pub fn get(&self, name: &str) -> Option<&Model> {
        let name = name.split('@').next().unwrap_or(name);
        if let Some(at) = self.names.get(name) {
            return self.models.get(*at);
        }
        let plain = ["__isoc99_", "__isoc23_", "__GI_", "__libc_", "__xpg_", "__"].iter().find_map(|prefix| name.strip_prefix(prefix))?;
        self.names.get(plain).and_then(|at| self.models.get(*at)).filter(|_| !name.ends_with("_chk"))
    }

    /// Number of functions with a model.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// No models?
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_well_formed() {
        let models = Models::parse(files()).unwrap();
        assert!(models.len() > 100);
        assert!(models.get("__isoc99_sscanf").is_some_and(|model| model.scans.is_some()));
        assert!(models.get("open64@GLIBC_2.4").is_some_and(|model| model.opens.is_some()));
        assert!(models.get("no_such_function").is_none());
    }

    #[test]
    fn a_name_has_one_model() {
        let file = "source = \"x\"\ndate = \"2026-11-24\"\n[[function]]\nnames = [\"f\", \"f\"]\n";
        assert!(Models::parse(vec![("code/models/a.toml".into(), file)]).is_err());
    }
}
