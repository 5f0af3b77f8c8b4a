//! Where the lines that functions print go.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// A line that a function printed on its standard output or standard error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The function's name.
    pub function: String,
    /// The instance's id.
    pub instance: String,
    /// The line without its end.
    pub line: String,
}

/// Receives log lines. It must not block.
pub type LogSink = Arc<dyn Fn(LogLine) + Send + Sync>;

/// The sink and the optional file of one function.
pub(super) struct Log {
    function: String,
    sink: LogSink,
    file: Option<Mutex<File>>,
}

impl Log {
    pub(super) fn open(
        function: &str,
        sink: LogSink,
        directory: Option<&Path>,
    ) -> io::Result<Self> {
        let file = match directory {
            Some(directory) => {
                std::fs::create_dir_all(directory)?;
                let path = directory.join(format!("{function}.log"));
                Some(OpenOptions::new().create(true).append(true).open(path)?)
            }
            None => None,
        };
        Ok(Self {
            function: function.to_owned(),
            sink,
            file: file.map(Mutex::new),
        })
    }

    pub(super) fn line(&self, instance: &str, line: String) {
        if let Some(file) = &self.file {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = writeln!(file, "{line}") {
                tracing::warn!(%error, function = %self.function, "cannot write the function's log file");
            }
        }
        (self.sink)(LogLine {
            function: self.function.clone(),
            instance: instance.to_owned(),
            line,
        });
    }
}
