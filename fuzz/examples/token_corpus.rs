//! Writes the tokens' corpus: every vector that one header's value tells, as the target takes it.

use std::{env, fs, path::PathBuf};

use fuzz::{ISSUER, NOW};
use identity_vectors::{World, all};
use tokio::runtime::Runtime;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(env::args().nth(1).ok_or("usage: token_corpus FOLDER")?);
    fs::create_dir_all(&folder)?;
    let world = Runtime::new()?.block_on(World::of_issuer(ISSUER));
    for vector in all().iter().filter(|vector| vector.is_usual()) {
        let mut input = vec![vector.kind as u8];
        input.extend(vector.token(&world, NOW).as_bytes());
        fs::write(folder.join(vector.name.replace('/', "-")), input)?;
    }
    Ok(())
}
