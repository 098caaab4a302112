//! Which guardrail there is: its id and its version, or neither.

use edge::{Reader, environment::parsed};
use models_bedrock::{Guardrail, GuardrailId, GuardrailVersion};

use super::{GUARDRAIL_ID, GUARDRAIL_VERSION};

/// Reads its variables. Half of a guardrail is a mistake, because without the other half there is none.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Guardrail> {
    let (has_id, has_version) = (reader.has(&GUARDRAIL_ID), reader.has(&GUARDRAIL_VERSION));
    match (has_id, has_version) {
        (true, false) => reader.mistake(&GUARDRAIL_VERSION, "missing, beside GUARDRAIL_ID"),
        (false, true) => reader.mistake(&GUARDRAIL_ID, "missing, beside GUARDRAIL_VERSION"),
        _ => {}
    }
    let id = reader.optional(&GUARDRAIL_ID, parsed::<GuardrailId>);
    let version = reader.optional(&GUARDRAIL_VERSION, parsed::<GuardrailVersion>);
    Some(Guardrail::new(id?, version?))
}

/// Refuses its variables where no guardrail would be asked: what is configured must not pass for done.
pub(super) fn refuse(reader: &mut Reader<'_>) {
    for variable in [&GUARDRAIL_ID, &GUARDRAIL_VERSION] {
        if reader.has(variable) {
            reader.mistake(variable, "is for MODEL_PROVIDER=bedrock alone");
        }
    }
}

#[cfg(test)]
mod tests {
    use models_bedrock::Guardrail;

    use crate::settings::{ModelProvider, tests::read};

    fn guardrail(more: &[(&str, &str)]) -> Option<Guardrail> {
        match read(more).unwrap().model.provider {
            ModelProvider::Bedrock(_, _, guardrail) => guardrail,
            ModelProvider::OpenAi(..) => None,
        }
    }

    #[test]
    fn a_guardrail_has_an_id_and_a_version_or_there_is_none() {
        assert_eq!(guardrail(&[]), None);
        let both = [("GUARDRAIL_ID", "ab12"), ("GUARDRAIL_VERSION", "DRAFT")];
        assert!(guardrail(&both).is_some());
        for (given, missing) in [(both[0], "GUARDRAIL_VERSION"), (both[1], "GUARDRAIL_ID")] {
            let error = read(&[given]).err().unwrap().to_string();
            assert!(error.contains(&format!("{missing}: missing")), "{error}");
        }
        let wrong = [("GUARDRAIL_ID", "a b"), ("GUARDRAIL_VERSION", "latest")];
        let error = read(&wrong).err().unwrap().to_string();
        assert!(error.contains("GUARDRAIL_ID: must") && error.contains("or DRAFT"), "{error}");
    }
    #[test]
    fn a_model_that_no_guardrail_is_asked_about_refuses_one() {
        let openai = [
            ("MODEL_PROVIDER", "openai"),
            ("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1"),
            ("GUARDRAIL_ID", "ab12"),
            ("GUARDRAIL_VERSION", "1"),
        ];
        let error = read(&openai).err().unwrap().to_string();
        for name in ["GUARDRAIL_ID", "GUARDRAIL_VERSION"] {
            assert!(error.contains(&format!("{name}: is for MODEL_PROVIDER=bedrock")), "{error}");
        }
        assert!(read(&openai[..2]).is_ok());
    }
}
