//! A thousand people for tests under load, each with one private repository whose name is nobody else's, so
//! that whose data is where can be seen. They are on no page: who consents as one of them knows the name.

use std::sync::LazyLock;

use super::{
    accounts::{Account, AccountKind, Repository},
    content::kept,
};

/// How many they are.
pub const CROWD: usize = 1_000;
const FIRST_ACCOUNT: u64 = 100_000;
const FIRST_REPOSITORY: u64 = 200_000;

static PEOPLE: LazyLock<Vec<Account>> = LazyLock::new(|| (0..CROWD).map(person).collect());

/// The login of one of them.
#[must_use]
pub fn login(number: usize) -> String {
    format!("octo-crowd-{number:04}")
}

/// The name of the private repository of one of them.
#[must_use]
pub fn mark(number: usize) -> String {
    format!("mark-{number:04}")
}

fn person(number: usize) -> Account {
    let id = number as u64;
    let mark =
        Repository { private: true, ..Repository::new(FIRST_REPOSITORY + id, &mark(number)) };
    Account {
        login: kept(login(number)),
        id: FIRST_ACCOUNT + id,
        name: "Octo Crowd",
        kind: AccountKind::User,
        blocks: &[],
        repositories: vec![mark],
    }
}

/// The one with this login.
pub(super) fn named(login: &str) -> Option<&'static Account> {
    let number: usize = login.strip_prefix("octo-crowd-")?.parse().ok()?;
    PEOPLE.get(number).filter(|it| it.login == login)
}

/// The one that has the repository with this id.
pub(super) fn owner_of(id: u64) -> Option<&'static Account> {
    PEOPLE.get(usize::try_from(id.checked_sub(FIRST_REPOSITORY)?).ok()?)
}

#[cfg(test)]
mod tests {
    use super::{CROWD, login, mark, named, owner_of};

    #[test]
    fn each_of_the_crowd_has_one_repository_and_nobody_else_has_it() {
        let last = CROWD - 1;
        let account = named(&login(last)).unwrap();
        assert_eq!(account.repositories[0].name, mark(last));
        assert_eq!(owner_of(account.repositories[0].id).unwrap().login, account.login);
        assert!(named(&login(CROWD)).is_none() && named("octo-crowd-1").is_none());
    }
}
