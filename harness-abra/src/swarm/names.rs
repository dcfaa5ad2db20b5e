//! The 64 characters that Swarm gives the names of secrets and configs, checked before anything is made. Main item:
//! [`check_names`].

use harness_core::name::{InvalidSwarmName, MAX_SWARM_NAME, StackName};
use harness_core::recipe::Compose;

/// Checks the full names of all secrets and configs.
///
/// # Errors
/// One has over 64 characters; the error says which, and by how much.
pub fn check_names(compose: &Compose, stack: &StackName) -> Result<(), InvalidSwarmName> {
    for definition in compose.secrets.iter().chain(&compose.configs) {
        let name = definition.name.clone().unwrap_or_else(|| format!("{stack}_{}", definition.key));
        let length = name.len();
        if length > MAX_SWARM_NAME {
            return Err(InvalidSwarmName::TooLong { name, length });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &str, name: Option<&str>) -> Result<(), InvalidSwarmName> {
        let name = name.map(|n| format!(", name: {n}")).unwrap_or_default();
        let text = format!("services: {{}}\nconfigs:\n  {key}: {{file: x{name}}}\n");
        let stack = StackName::try_from("cust-1a2b3c_ccci_test".to_owned()).unwrap();
        check_names(&Compose::parse("compose.yml", &text).unwrap(), &stack)
    }

    #[test]
    fn a_name_of_64_fits_and_one_of_65_is_named_with_its_length() {
        check("c", Some(&"n".repeat(64))).unwrap();
        let error = check("c", Some(&"n".repeat(65))).unwrap_err();
        assert!(error.to_string().contains("65 characters"), "{error}");
    }

    #[test]
    fn a_name_that_is_not_set_is_made_of_stack_and_key() {
        check(&"k".repeat(42), None).unwrap();
        assert!(check(&"k".repeat(43), None).is_err());
    }
}
