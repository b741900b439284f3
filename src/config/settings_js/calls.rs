//! Built-in functions that settings are made with. Any other call is not run.

use super::cursor::Stop;
use super::paths;
use super::reader::SourceReader;
use super::value::{Js, Unread, parse_int};

/// Those that have a name of their own.
pub const BUILT_INS: [&str; 6] = ["Number", "parseInt", "String", "Boolean", "Object", "require"];

impl SourceReader<'_> {
    /// The result of `function(arguments)`.
    pub fn apply(&mut self, function: &Js, arguments: &[Js], at: usize) -> Result<Js, Stop> {
        let first = arguments.first().cloned().unwrap_or(Js::Undefined);
        if let (Js::Function(_), Js::Unreadable(_)) = (function, &first) {
            return Ok(first);
        }
        let texts = || arguments.iter().map(|part| if let Js::Text(text) = part { Some(text.as_str()) } else { None });
        let result = match function {
            Js::Function("Number") => first.number().map(Js::Number),
            Js::Function("String") => first.text().map(Js::Text),
            Js::Function("Boolean") => first.truthy().map(Js::Bool),
            Js::Function("Object.freeze") => Some(first),
            Js::Function("Object.assign") => self.assign(arguments, at)?,
            Js::Function("parseInt") => {
                let radix = arguments.get(1).map_or(Some(0.0), Js::number);
                first.text().zip(radix).map(|(text, radix)| Js::Number(parse_int(&text, radix as u32)))
            }
            Js::Function("require") => {
                matches!(&first, Js::Text(name) if name == "path" || name == "node:path").then_some(Js::PathModule)
            }
            Js::Function("path.join") => texts().collect::<Option<Vec<_>>>().map(|parts| Js::Text(paths::join(&parts))),
            Js::Function("path.resolve") => {
                texts().collect::<Option<Vec<_>>>().and_then(|parts| paths::resolve(&parts)).map(Js::Text)
            }
            Js::Function("path.dirname") => first.text().map(|path| Js::Text(paths::folder_of(&path))),
            Js::Unreadable(unread) => Some(Js::Unreadable(unread.clone())),
            _ => None,
        };
        Ok(result.unwrap_or_else(|| Js::Unreadable(Unread { at, what: "this call is not run".to_owned() })))
    }

    /// `Object.assign(target, …sources)`
    fn assign(&mut self, arguments: &[Js], at: usize) -> Result<Option<Js>, Stop> {
        let Some((Js::Object(target), sources)) = arguments.split_first() else { return Ok(None) };
        for source in sources {
            match source {
                Js::Object(source) => {
                    self.bounds.copied(&self.objects[*source], at)?;
                    let source = self.objects[*source].clone();
                    self.objects[*target].opaque.extend(source.opaque);
                    for entry in source.entries {
                        self.objects[*target].set(entry);
                    }
                }
                Js::Undefined | Js::Null | Js::Bool(_) | Js::Number(_) => {}
                Js::Unreadable(unread) => self.objects[*target].opaque.push(unread.clone()),
                _ => return Ok(None),
            }
        }
        Ok(Some(Js::Object(*target)))
    }
}
