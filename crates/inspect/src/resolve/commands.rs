//! Command lines taken apart: which programs one starts, and with which words.
//!
//! Enough of the shell's grammar to find the words of simple commands: quotes, separators, assignments before a command. What a shell
//! would expand is not expanded here: who wrote the fact has put in what is known and left `{}` for the rest.
//!
//! **Source**: POSIX.1-2024, Shell Command Language, 2.2 Quoting, 2.9 Shell Commands, 2.10 Shell Grammar.

use assay_core::{facts::code::Run, words::is_shell};

/// Bytes of one command line that are read; longer ones are no calls of a program.
const MOST_BYTES: usize = 16 << 10;
/// Programs that start what their arguments name.
const STARTERS: &[&str] = &[
    "busybox",
    "chrt",
    "env",
    "exec",
    "ionice",
    "nice",
    "nohup",
    "setsid",
    "start-stop-daemon",
    "stdbuf",
    "sudo",
    "taskset",
    "time",
    "timeout",
    "xargs",
];
/// A command: the words before the program that set variables, and the program with its arguments.
#[derive(Debug, PartialEq, Eq)]
pub struct Simple {
    /// `NAME` and value of each variable.
    pub variables: Vec<(String, String)>,
    /// Program and arguments; never empty.
    pub words: Vec<String>,
}

/// The last component of a path.
pub fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The simple commands of a line, in order.
pub fn simple(line: &str) -> Vec<Simple> {
    if line.len() > MOST_BYTES {
        return Vec::new();
    }
    let mut commands = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let (mut word, mut open, mut quote) = (String::new(), false, None);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(own), letter) if own == letter => quote = None,
            (None, '"' | '\'') => (quote, open) = (Some(letter), true),
            (Some('"') | None, '\\') => {
                word.extend(letters.next());
                open = true;
            }
            (Some(_), letter) => word.push(letter),
            (None, ';' | '&' | '|' | '\n' | '(' | ')') => {
                // `2>&1` is no separator.
                if letter == '&' && word.ends_with('>') {
                    word.push(letter);
                    continue;
                }
                finish_word(&mut words, &mut word, &mut open);
                finish(&mut commands, &mut words);
            }
            (None, letter) if letter.is_whitespace() => finish_word(&mut words, &mut word, &mut open),
            (None, letter) => {
                word.push(letter);
                open = true;
            }
        }
    }
    finish_word(&mut words, &mut word, &mut open);
    finish(&mut commands, &mut words);
    commands
}

fn finish_word(words: &mut Vec<String>, word: &mut String, open: &mut bool) {
    if std::mem::take(open) {
        words.push(std::mem::take(word));
    }
}

fn finish(commands: &mut Vec<Simple>, words: &mut Vec<String>) {
    let words = without_redirects(std::mem::take(words));
    let count = words.iter().take_while(|word| assignment(word).is_some()).count();
    let variables = words[..count].iter().filter_map(|word| assignment(word)).collect();
    let words = started(words[count..].to_vec());
    if !words.is_empty() {
        commands.push(Simple { variables, words });
    }
}

fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let fits = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    fits.then(|| (name.to_owned(), value.to_owned()))
}

fn without_redirects(words: Vec<String>) -> Vec<String> {
    let mut kept = Vec::new();
    let mut skip = false;
    for word in words {
        if std::mem::take(&mut skip) {
            continue;
        }
        let bare = word.trim_start_matches(|letter: char| letter.is_ascii_digit());
        if bare.starts_with(['<', '>']) {
            // The file may be the next word.
            skip = bare.trim_start_matches(['<', '>', '&', '|']).is_empty();
        } else {
            kept.push(word);
        }
    }
    kept
}

/// Everything that a line starts, shells within it followed: the words of each, program first.
pub fn programs(line: &str) -> Vec<Vec<String>> {
    simple(line).into_iter().flat_map(|command| unfold(command.words, 0)).collect()
}

/// What a program started without a shell comes down to.
pub fn program(program: &str, arguments: &[String]) -> Vec<Vec<String>> {
    let words = std::iter::once(program.to_owned()).chain(arguments.iter().cloned()).collect();
    unfold(started(words), 0)
}

/// What a start comes down to.
pub fn of(run: &Run) -> Vec<Vec<String>> {
    match &run.command {
        Some(command) => programs(command),
        None => program(&run.program, &run.arguments),
    }
}

/// `sh -c TEXT` starts what stands in the text, `sh FILE` the file.
fn unfold(words: Vec<String>, depth: u32) -> Vec<Vec<String>> {
    let shell = words.first().is_some_and(|first| is_shell(first));
    match words.get(1).map(String::as_str) {
        Some("-c") if shell && depth < 4 => {
            let text = words.get(2).map_or("", String::as_str);
            simple(text).into_iter().flat_map(|command| unfold(command.words, depth + 1)).collect()
        }
        Some(file) if shell && !file.starts_with('-') => vec![words[1..].to_vec()],
        _ if words.is_empty() => Vec::new(),
        _ => vec![words],
    }
}

/// The words from the program that really runs: behind `nohup`, `start-stop-daemon --exec` and their like.
pub fn started(mut words: Vec<String>) -> Vec<String> {
    for _ in 0..4 {
        let Some(first) = words.first() else { break };
        if !STARTERS.contains(&base(first)) {
            break;
        }
        let exec = words.iter().position(|word| matches!(word.as_str(), "-x" | "-a" | "--exec" | "--startas"));
        let next = match (base(first), exec) {
            ("start-stop-daemon", None) => break,
            ("start-stop-daemon", Some(at)) => {
                let mut own: Vec<String> = words.get(at + 1).cloned().into_iter().collect();
                own.extend(words.iter().skip_while(|word| *word != "--").skip(1).cloned());
                own
            }
            _ => {
                // Options, their numbers, and variables stand before the program.
                let passed =
                    |word: &&String| word.starts_with('-') || word.contains('=') || word.starts_with(|first: char| first.is_ascii_digit());
                let count = words[1..].iter().take_while(passed).count();
                words[1 + count..].to_vec()
            }
        };
        words = next;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<Vec<String>> {
        simple(line).into_iter().map(|command| command.words).collect()
    }

    #[test]
    fn words_and_separators() {
        assert_eq!(words("/usr/bin/x.sh {} > /dev/null 2>&1 &"), [["/usr/bin/x.sh", "{}"]]);
        assert_eq!(words("a 'b c' \"d;e\" && f|g"), [vec!["a", "b c", "d;e"], vec!["f"], vec!["g"]]);
        assert_eq!(words("a '' b\\ c >log"), [["a", "", "b c"]]);
        assert_eq!(words("  ;; "), Vec::<Vec<String>>::new());
        assert_eq!(simple("A={} B=1 run x")[0].variables, [("A".into(), "{}".into()), ("B".into(), "1".into())]);
    }

    #[test]
    fn what_runs_behind_another() {
        assert_eq!(words("start-stop-daemon -b -S -x /usr/bin/m -- -c /etc/m.conf"), [["/usr/bin/m", "-c", "/etc/m.conf"]]);
        assert_eq!(words("nohup nice -n 5 /bin/x y"), [["/bin/x", "y"]]);
        assert_eq!(words("timeout 5 env A=b x"), [["x"]]);
        assert_eq!(programs("sh -c 'a b; sh /x.sh c'"), [vec!["a", "b"], vec!["/x.sh", "c"]]);
        assert_eq!(words("start-stop-daemon -K -p /run/x.pid"), [["start-stop-daemon", "-K", "-p", "/run/x.pid"]]);
    }
}
