//! Who may come in: accounts, web logins, rights through sudo, keys of SSH.

use assay_core::{
    Cell, Fact, FactBody, Question, Table,
    dossier::Subject,
    facts::{
        ImageFact,
        image::{Password, PasswordState},
    },
};

use super::{code::table, evidence};
use crate::{logins, rights};

/// The tables, those without rows among them.
pub(super) fn tables(subjects: &[Subject], facts: &[Fact], counts: &[usize]) -> Vec<Table> {
    let (mut accounts, mut sudo, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    for (subject, facts) in subjects.iter().zip(crate::split(facts, counts)) {
        for right in rights::rights(subject, facts) {
            let privilege = right.privilege;
            let cells = vec![
                right.user.into(),
                privilege.run_as.join(", ").into(),
                right.command.into(),
                if privilege.no_password { "not asked" } else { "asked" }.into(),
                rights::words(right.amount).into(),
                right.why.as_str().into(),
                right.severity.to_string().into(),
            ];
            sudo.push((cells, vec![evidence(&right.fact.locator)]));
        }
        for fact in facts {
            let FactBody::Image(image) = &fact.body else { continue };
            let at = vec![evidence(&fact.locator)];
            let file: Cell = fact.locator.path.rsplit('!').next().unwrap_or_default().into();
            match image {
                ImageFact::Account(account) => {
                    let doors = logins::doors(account, logins::container(fact), facts);
                    let opens = match (account.copy, doors.is_empty()) {
                        (true, _) => "comes back at a reset, if something puts it back".to_owned(),
                        (false, true) => "nothing seen".to_owned(),
                        (false, false) => logins::words(&doors),
                    };
                    let number = account.uid.map(|number| Cell::from(number.to_string())).unwrap_or(Cell::Empty);
                    let shell = account.shell.as_deref().unwrap_or_default();
                    accounts.push((
                        vec![account.name.as_str().into(), number, shell.into(), state(&account.password).into(), opens.into(), file],
                        at,
                    ));
                }
                ImageFact::Credential(credential) => {
                    let realm =
                        credential.realm.as_ref().map_or_else(|| "web login".to_owned(), |realm| format!("web login, realm “{realm}”"));
                    let cells = vec![
                        credential.user.as_str().into(),
                        Cell::Empty,
                        Cell::Empty,
                        state(&credential.password).into(),
                        realm.into(),
                        file,
                    ];
                    accounts.push((cells, at));
                }
                ImageFact::AuthorizedKeys(own) => keys.extend(own.keys.iter().map(|key| {
                    let account = own.account.as_deref().unwrap_or("not known");
                    let cells = vec![
                        account.into(),
                        key.kind.as_str().into(),
                        key.fingerprint.as_str().into(),
                        key.options.join(", ").into(),
                        key.comment.as_str().into(),
                        file.clone(),
                    ];
                    (cells, at.clone())
                })),
                _ => {}
            }
        }
    }
    vec![
        table(Question::Control, "Accounts", &["Name", "Number", "Shell", "Password", "Opens", "File"], accounts),
        table(Question::Control, "Rights through sudo", &["Who", "As", "Command", "Password", "Amounts to", "Why", "Grade"], sudo),
        table(Question::Control, "Keys that open accounts", &["Account", "Kind", "Fingerprint", "Held to", "Comment", "File"], keys),
    ]
}

/// What is known of a stored password.
fn state(password: &Password) -> String {
    match &password.state {
        PasswordState::Empty => "none: whoever names the account is in".to_owned(),
        PasswordState::Locked => "locked".to_owned(),
        PasswordState::Default { password: word, .. } => format!("default “{word}” ({})", password.scheme),
        PasswordState::NotADefault(count) => format!("{}, none of {count} known defaults", password.scheme),
        PasswordState::NotTried(why) => format!("{}, not tried: {why}", password.scheme),
        PasswordState::Missing => "kept elsewhere, and not there".to_owned(),
    }
}
