//! Turns `catalogue/*.toml` into compact JSON inside the crate, one string per template.
//!
//! TOML is for the people who write and review the texts; the functions parse JSON, each template on
//! its first use, because whatever is parsed at start-up is paid at every cold start.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "the template's shape is compiled from the crate's own files, of which this script uses a part"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

#[path = "src/channel.rs"]
mod channel;
#[path = "src/class.rs"]
mod class;
#[path = "src/ids.rs"]
mod ids;
#[path = "src/locale.rs"]
mod locale;
#[path = "src/template/model.rs"]
mod model;

/// What a template takes from the delivery protocol, without the protocol.
mod delivery {
    use std::time::Duration;

    use crate::channel::Channel;

    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Rung {
        pub channel: Channel,
        pub after: Duration,
    }

    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum WhenQueueWaitExceeded {
        NextLeg,
        Expire,
    }

    impl WhenQueueWaitExceeded {
        pub fn name(self) -> &'static str {
            match self {
                Self::NextLeg => "next_leg",
                Self::Expire => "expire",
            }
        }

        pub fn parse(text: &str) -> Option<Self> {
            [Self::NextLeg, Self::Expire]
                .into_iter()
                .find(|policy| policy.name() == text)
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=catalogue");
    let mut files = toml_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue"))?;
    files.sort();
    let mut templates = BTreeMap::new();
    let mut faults = Vec::new();
    for file in &files {
        match read(file) {
            Ok((key, json)) => {
                if templates.insert(key.clone(), json).is_some() {
                    faults.push(format!(
                        "{}: {} version {} exists twice",
                        file.display(),
                        key.0,
                        key.1
                    ));
                }
            }
            Err(fault) => faults.push(format!("{}: {fault}", file.display())),
        }
    }
    if !faults.is_empty() {
        for fault in faults.iter().flat_map(|fault| fault.lines()) {
            println!("cargo::error={fault}");
        }
        return Ok(());
    }
    let mut code = format!("static EMBEDDED: [Embedded; {}] = [\n", templates.len());
    for ((name, version), json) in &templates {
        writeln!(code, "    Embedded::new({name:?}, {version}, {json:?}),")?;
    }
    code.push_str("];\n");
    fs::write(out_dir()?.join("catalogue.rs"), code)?;
    Ok(())
}

#[allow(
    clippy::disallowed_methods,
    reason = "Cargo names a build script's output directory in no other way"
)]
fn out_dir() -> Result<PathBuf, Box<dyn Error>> {
    Ok(PathBuf::from(std::env::var("OUT_DIR")?))
}

fn toml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(path);
        }
    }
    Ok(files)
}

/// A template's name and version, and its JSON. The file is called `<name>.toml`, a later version's
/// `<name>.v<version>.toml`.
fn read(file: &Path) -> Result<((String, u32), String), Box<dyn Error>> {
    let template: model::Template = toml::from_str(&fs::read_to_string(file)?)?;
    let expected = match template.version {
        1 => format!("{}.toml", template.name),
        version => format!("{}.v{version}.toml", template.name),
    };
    if file
        .file_name()
        .is_none_or(|name| name != expected.as_str())
    {
        return Err(format!("must be called {expected}, after its name and version").into());
    }
    let json = serde_json::to_string(&template)?;
    Ok(((template.name.to_string(), template.version), json))
}
