//! Two invented dossiers: one that uses every part of the model, with hostile words in it, and one that is almost empty.

use assay_core::{
    Answer, AnswerState, Artifact, Assumption, At, Authorisation, ByteMap, Cell, Column, ColumnType, Confidence, Control, Coverage,
    Dossier, Effect, Entry, EntryKind, Evidence, Fact, FactBody, FactId, Finding, Gap, GapKind, Holder, HolderKind, Locator, Observed,
    Origin, Question, Reachable, Role, SCHEMA, Severity, Sha256, Span, SpanKind, Stage, Statement, Table,
    bytemap::ByteCount,
    control::Deed,
    coverage::{CallCount, FileCount, FunctionCount, PartCount},
    dossier::{Identity, Subject, SubjectKind, Tool},
    facts::{
        ImageFact,
        code::{Channel, Check, CheckKind, Disclosed, Enforcement},
    },
    manifest::{Tree, Xattr},
    measure::AssumptionKind,
};

/// HTML, quotes, a bidirectional override, a zero-width space, terminal sequences of both kinds, a bell, line ends, a template's braces.
pub const HOSTILE: &str = "<script>alert(1)</script>&\"'\u{202e}gpj\u{2066}\u{200b}\u{1b}[31m\u{9b}2J\u{7}\r\n{{ d.tool }}\t</style>-->";

fn id(text: &str) -> Sha256 {
    Sha256::of(text.as_bytes())
}

fn tool() -> Tool {
    Tool { name: "assay".into(), version: "0.1.0".into(), rules: id("rules"), as_of: "2026-01-02".into() }
}

fn evidence(role: Role, at: At, note: &str, excerpt: &str) -> Evidence {
    Evidence {
        artifact: id("file"),
        path: "root!/bin/daemon".into(),
        at,
        function: Some("reply".into()),
        role,
        note: note.into(),
        excerpt: excerpt.into(),
    }
}

fn stage() -> Stage {
    Stage {
        present: true,
        reachable: Reachable::Yes,
        authorised: vec![Authorisation::None, Authorisation::DefaultPassword],
        observed: Observed::Attempted,
    }
}

fn holder() -> Holder {
    Holder { who: HolderKind::FixedRemote, detail: format!("fleet.example:80 {HOSTILE}") }
}

/// Every part of the model, present.
pub fn full() -> Dossier {
    let mut child = Span::new(16, 64, SpanKind::Payload).note("root");
    child.child = true;
    let mut unknown = Span::new(88, 8, SpanKind::Unknown).note(HOSTILE);
    unknown.entropy = Some(6.25);
    let map = vec![
        Span::new(0, 16, SpanKind::Header).note("header"),
        child,
        Span::new(80, 4, SpanKind::Checksum),
        Span::new(84, 4, SpanKind::Free),
        unknown,
        Span::new(96, 4, SpanKind::Opaque),
    ];
    let artifact = |name: &str, path: &str, format: &str, origin, map: Vec<Span>| {
        let size = map.iter().map(|span| span.len).sum();
        Artifact { id: id(name), size, format: format.into(), path: path.into(), origin, map: ByteMap(map) }
    };
    let origin = |parent: &str, format: &str, span| Some(Origin { parent: id(parent), format: format.into(), span });
    let subject = Subject {
        id: id("input"),
        name: "update <b>.img".into(),
        kind: SubjectKind::Firmware,
        format: "example".into(),
        size: 100,
        identity: Identity {
            maker: Some(format!("Maker {HOSTILE}")),
            model: Some("Model 1".into()),
            platform: Some("Board".into()),
            version: Some("1.2".into()),
            built: Some("2025-12-31".into()),
            kernel: Some("6.1.0".into()),
            system: Some("Buildroot".into()),
            toolchain: Some("gcc 12".into()),
        },
        coverage: Coverage {
            bytes: ByteCount { total: 100_000, explained: 99_988, opaque: 4, unknown: 8 },
            files: FileCount { total: 5, read: 4 },
            functions: FunctionCount { found: 1200, analysed: 1000, abandoned: 150, unsupported: 50 },
            calls: CallCount { resolved: 70, unresolved: 30 },
            packets: PartCount { total: 9, read: 8 },
            rows: PartCount { total: 7, read: 6 },
            buses: PartCount { total: 5, read: 4 },
            gaps: vec![
                gap("G1", 4, GapKind::Encrypted, "no key"),
                gap("G2", 8, GapKind::Unknown, HOSTILE),
                gap("G3", 0, GapKind::Unreadable, "cut off"),
            ],
        },
        artifacts: vec![
            artifact("input", "", "example", None, map),
            artifact("root", "root", "tar", origin("input", "example", Some((16, 64))), vec![Span::new(0, 64, SpanKind::Table)]),
            artifact("file", "root!/bin/daemon", "elf", origin("root", "tar", None), vec![Span::new(0, 9, SpanKind::Content)]),
        ],
        manifest: vec![
            Tree {
                artifact: id("input"),
                path: String::new(),
                format: "example".into(),
                entries: vec![Entry::new("root", EntryKind::Member, 64)],
            },
            Tree { artifact: id("root"), path: "root".into(), format: "tar".into(), entries: entries() },
        ],
    };
    Dossier {
        schema: SCHEMA.into(),
        tool: tool(),
        complete: false,
        subjects: vec![subject],
        answers: Question::ALL.iter().map(|question| answer(*question)).collect(),
        findings: findings(),
        controls: vec![Control {
            effect: Effect::StopMining,
            holder: holder(),
            stage: stage(),
            channel: Channel::Output(HOSTILE.into()),
            deed: Deed::Tells { what: vec![Disclosed::Status], from: vec![HOSTILE.into()] },
            trigger: vec!["false".into(), HOSTILE.into()],
            checks: vec![Check { kind: CheckKind::Range, detail: HOSTILE.into(), enforced: Enforcement::Partly }],
            path: vec![
                evidence(Role::Source, At::Address(0x2a5c0), "the reply is read", "recv"),
                evidence(Role::Actuator, At::Address(0x2a700), "the loop ends", ""),
            ],
            assumed: vec![HOSTILE.into()],
            code: "0123abcd".into(),
            facts: vec![FactId(1)],
        }],
        tables: tables(),
        assumptions: vec![Assumption {
            id: "A1".into(),
            value: 0.25,
            unit: "Hz".into(),
            range: [0.1, 0.5],
            kind: AssumptionKind::Assumption,
            source: format!("A book, page 3 {HOSTILE}"),
            as_of: "2024-05-06".into(),
        }],
        golden: None,
        facts: Some(vec![Fact {
            id: FactId(1),
            locator: Locator { artifact: id("input"), path: String::new(), at: At::Offset(80) },
            producer: "example".into(),
            producer_version: 1,
            derived_from: vec![FactId(1)],
            body: FactBody::Image(ImageFact::Encrypted { what: "tail".into(), scheme: HOSTILE.into() }),
        }]),
    }
}

fn gap(name: &str, len: u64, why: GapKind, note: &str) -> Gap {
    Gap { id: name.into(), artifact: id("input"), path: String::new(), span: (88, len), why, note: note.into() }
}

fn answer(question: Question) -> Answer {
    let list = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    match question {
        Question::Control => Answer {
            question,
            state: AnswerState::Shown,
            summary: format!("One finding. {HOSTILE}"),
            findings: list(&["F1"]),
            tables: list(&["T2"]),
            gaps: list(&["G1", "G2", "G3"]),
        },
        Question::Provenance => Answer {
            question,
            state: AnswerState::NotShown,
            summary: "Nothing was found.".into(),
            findings: list(&["F2"]),
            tables: list(&["T1"]),
            gaps: list(&["G1"]),
        },
        _ => Answer {
            question,
            state: AnswerState::NotExamined,
            summary: "Nobody looked.".into(),
            findings: list(&[]),
            tables: list(&[]),
            gaps: list(&[]),
        },
    }
}

fn findings() -> Vec<Finding> {
    let finding = Finding {
        id: "F1".into(),
        fingerprint: id("first"),
        rule: "control.remote-stop".into(),
        version: 3,
        question: Question::Control,
        title: format!("A reply of a fixed host stops mining {HOSTILE}"),
        severity: Severity::Critical,
        confidence: Confidence::Firm,
        effect: Some(Effect::StopMining),
        holder: Some(holder()),
        stage: Some(stage()),
        trigger: vec!["false".into(), HOSTILE.into()],
        evidence: vec![
            evidence(Role::Source, At::Address(0x2a5c0), "the reply is read", HOSTILE),
            evidence(Role::Branch, At::Offset(0x1234), HOSTILE, "cmp r0, #0"),
            evidence(Role::Store, At::Line(7), "kept", "stop=1"),
            evidence(Role::Guard, At::Frame(9), "", ""),
            evidence(Role::Step, At::Row(2), "a row", ""),
            evidence(Role::Actuator, At::Pointer("/a/0".into()), "a setting", ""),
        ],
        statements: vec![Statement {
            by: format!("maker {HOSTILE}"),
            date: "2026-01-01".into(),
            text: format!("It is a feature.\nSecond line. {HOSTILE}"),
            source: "https://maker.example/note".into(),
        }],
        references: vec!["https://example.org/?a=1&b=\"2\"".into(), "javascript:alert(1)".into()],
    };
    let second = Finding {
        id: "F2".into(),
        fingerprint: id("second"),
        rule: "provenance.invented".into(),
        version: 1,
        question: Question::Provenance,
        title: "The signature over root does not hold".into(),
        severity: Severity::High,
        confidence: Confidence::Certain,
        effect: None,
        holder: None,
        stage: None,
        trigger: Vec::new(),
        evidence: vec![Evidence {
            artifact: id("input"),
            path: String::new(),
            at: At::Offset(80),
            function: None,
            role: Role::Other,
            note: "checked with key.pem".into(),
            excerpt: id("key").to_string(),
        }],
        statements: Vec::new(),
        references: Vec::new(),
    };
    vec![finding, second]
}

fn tables() -> Vec<Table> {
    let text = |name| Column::new(name, ColumnType::Text);
    let here = |at| {
        vec![Evidence {
            artifact: id("input"),
            path: String::new(),
            at,
            function: None,
            role: Role::Other,
            note: "seen".into(),
            excerpt: String::new(),
        }]
    };
    let key = id("key").to_string();
    let signature = |over: &str, outcome: &str| -> Vec<Cell> {
        vec![
            over.into(),
            outcome.into(),
            "RSA-2048 PKCS#1 v1.5 SHA-256".into(),
            key.as_str().into(),
            format!("in the same image: key.pem {HOSTILE}").into(),
            "(input)".into(),
        ]
    };
    vec![
        Table {
            id: "T1".into(),
            question: Question::Provenance,
            title: "Signatures".into(),
            columns: vec![
                text("Over"),
                text("Outcome"),
                text("Scheme"),
                Column::new("Key", ColumnType::Hash),
                text("Where the key is"),
                text("Where"),
            ],
            rows: vec![signature("root", "INVALID"), signature("header", "valid")],
            evidence: vec![here(At::Offset(80)), here(At::Offset(84))],
        },
        Table {
            id: "T3".into(),
            question: Question::Provenance,
            title: "Identity".into(),
            columns: vec![text("Field"), text("Value"), text("Where")],
            rows: vec![
                vec!["kernel".into(), "6.1.0".into(), "(input)".into()],
                vec!["toolchain".into(), "gcc 11".into(), "(input)".into()],
            ],
            evidence: vec![here(At::Offset(0x51)), here(At::Offset(0x52))],
        },
        Table {
            id: "T2".into(),
            question: Question::Control,
            title: format!("Numbers {HOSTILE}"),
            columns: vec![
                text("Name"),
                Column::new("Power", ColumnType::Number).unit("MW"),
                Column::new("Machines", ColumnType::Integer),
                Column::new("At", ColumnType::Address),
                Column::new("Day", ColumnType::Date),
            ],
            rows: vec![
                vec![HOSTILE.into(), Cell::Number(12.5), Cell::Integer(-3), "0x10".into(), "2026-01-01".into()],
                vec!["site".into(), Cell::Empty, Cell::Integer(20_000), Cell::Empty, Cell::Empty],
            ],
            evidence: Vec::new(),
        },
    ]
}

fn entries() -> Vec<Entry> {
    let entry = |path: &[u8], kind, mode, size| {
        let mut entry = Entry::new(path, kind, size);
        (entry.mode, entry.uid, entry.gid, entry.mtime) = (Some(mode), Some(0), Some(1000), Some(1_700_000_000));
        entry
    };
    let mut setuid = entry(b"bin/su", EntryKind::File, 0o6755, 9);
    setuid.content = Some(id("file"));
    setuid.xattrs = vec![Xattr { name: b"security.capability".to_vec(), value: b"\x01\x00<i>".to_vec() }];
    let mut link = entry(b"bin/link", EntryKind::Symlink, 0o777, 3);
    link.target = Some(HOSTILE.as_bytes().to_vec());
    let mut device = entry(b"dev/console", EntryKind::CharDevice, 0o600, 0);
    device.device = Some((5, 1));
    let mut hard = entry(b"hard", EntryKind::Hardlink, 0o644, 0);
    hard.target = Some(b"bin/su".to_vec());
    vec![
        entry(b"bin", EntryKind::Directory, 0o1777, 0),
        setuid,
        link,
        entry(b"bin/daemon", EntryKind::File, 0o755, 9),
        device,
        entry(b"pipe", EntryKind::Fifo, 0o644, 0),
        entry(b"socket", EntryKind::Socket, 0o644, 0),
        entry(b"disk", EntryKind::BlockDevice, 0o660, 0),
        hard,
        entry(b"../out/\xff", EntryKind::File, 0o666, 1),
        entry(HOSTILE.as_bytes(), EntryKind::File, 0o644, 1),
        entry(b"twice", EntryKind::File, 0o644, 1),
        entry(b"twice", EntryKind::File, 0o644, 2),
    ]
}

/// Nothing but one input without bytes.
pub fn empty() -> Dossier {
    let subject = Subject {
        id: id(""),
        name: "nothing".into(),
        kind: SubjectKind::Data,
        format: "data".into(),
        size: 0,
        identity: Identity::default(),
        coverage: Coverage::default(),
        artifacts: Vec::new(),
        manifest: Vec::new(),
    };
    Dossier {
        schema: SCHEMA.into(),
        tool: tool(),
        complete: true,
        subjects: vec![subject],
        answers: Vec::new(),
        findings: Vec::new(),
        controls: Vec::new(),
        tables: Vec::new(),
        assumptions: Vec::new(),
        golden: None,
        facts: None,
    }
}
