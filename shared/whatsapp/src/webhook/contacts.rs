//! The people whom a change is about, in a list of their own beside its messages and statuses.

use std::cell::OnceCell;

use recado_domain::ids::UserId;
use recado_domain::phone::E164;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::model::Person;
use crate::json;

/// A change's list of people. A thousand statuses come with a thousand of them, so none is searched from
/// its beginning.
pub(super) struct Contacts {
    all: Vec<Person>,
    by_phone: Order,
    by_user: Order,
}

/// Places in the list by one of a person's marks, made when somebody is looked for by it.
type Order = OnceCell<Vec<usize>>;

impl Contacts {
    /// Whoever can be read.
    pub(super) fn read(list: Option<&RawValue>) -> Self {
        let list = json::list(list).unwrap_or_default();
        Self {
            all: list.into_iter().filter_map(contact).collect(),
            by_phone: Order::new(),
            by_user: Order::new(),
        }
    }

    /// Adds what the list knows of somebody. Where the entry names nobody, a contact is taken only if
    /// there is no other.
    pub(super) fn complete(&self, named: Option<Person>) -> Option<Person> {
        let Some(named) = named else {
            return match self.all.as_slice() {
                [only] => Some(only.clone()),
                _ => None,
            };
        };
        Some(match named {
            Person {
                phone: Some(phone),
                user: None,
            } => {
                let known = self.first(&self.by_phone, |it| it.phone.as_ref(), &phone);
                Person {
                    user: known.and_then(|known| known.user.clone()),
                    phone: Some(phone),
                }
            }
            Person {
                phone: None,
                user: Some(user),
            } => {
                let known = self.first(&self.by_user, |it| it.user.as_ref(), &user);
                Person {
                    phone: known.and_then(|known| known.phone.clone()),
                    user: Some(user),
                }
            }
            whole => whole,
        })
    }

    /// The first with a mark, as the list has them.
    fn first<M: Ord>(
        &self,
        order: &Order,
        mark: fn(&Person) -> Option<&M>,
        wanted: &M,
    ) -> Option<&Person> {
        let of = |place: &usize| mark(&self.all[*place]);
        let order = order.get_or_init(|| {
            let mut order: Vec<usize> = (0..self.all.len()).collect();
            order.sort_by(|one, other| of(one).cmp(&of(other)));
            order
        });
        let place = order.get(order.partition_point(|place| of(place) < Some(wanted)))?;
        (of(place) == Some(wanted)).then(|| &self.all[*place])
    }
}

fn contact(raw: &RawValue) -> Option<Person> {
    #[derive(Deserialize)]
    struct Contact<'a> {
        #[serde(borrow)]
        wa_id: Option<&'a RawValue>,
        #[serde(borrow)]
        user_id: Option<&'a RawValue>,
    }
    let contact = json::object::<Contact<'_>>(Some(raw))?;
    person(contact.wa_id, contact.user_id)
}

/// Somebody by what is disclosed of them; nobody where that is nothing.
pub(super) fn person(phone: Option<&RawValue>, user: Option<&RawValue>) -> Option<Person> {
    let phone = json::text(phone).and_then(|digits| E164::from_wa_id(&digits).ok());
    let user = json::text(user).and_then(|id| UserId::parse(&id).ok());
    (phone.is_some() || user.is_some()).then_some(Person { phone, user })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contacts(list: &str) -> Contacts {
        let list = RawValue::from_string(list.to_owned()).expect("JSON");
        Contacts::read(Some(&list))
    }

    fn somebody(phone: Option<&str>, user: Option<&str>) -> Option<Person> {
        Some(Person {
            phone: phone.map(|digits| E164::from_wa_id(digits).expect("a number")),
            user: user.map(|id| UserId::parse(id).expect("an id")),
        })
    }

    const LIST: &str = r#"[
        {"wa_id":"5511987654329","user_id":"BR.9"}, {"wa_id":"5511987654321","user_id":"BR.1"}, 7,
        {"wa_id":"5511987654321","user_id":"BR.2"}, {"user_id":"BR.3"}, {"wa_id":"5511987654323","user_id":"BR.3"}
    ]"#;

    #[test]
    fn who_is_known_by_one_mark_gets_the_other_from_the_first_contact_that_has_it() {
        let people = contacts(LIST);
        type Marks = (Option<&'static str>, Option<&'static str>);
        let check = |given: Marks, expected: Marks| {
            let completed = people.complete(somebody(given.0, given.1));
            assert!(completed == somebody(expected.0, expected.1), "{given:?}");
        };
        let (one, nine, other) = ("5511987654321", "5511987654329", "5511987654325");
        check((Some(one), None), (Some(one), Some("BR.1")));
        check((Some(nine), None), (Some(nine), Some("BR.9")));
        check((Some(other), None), (Some(other), None));
        check((None, Some("BR.2")), (Some(one), Some("BR.2")));
        // The first with this id has no number.
        check((None, Some("BR.3")), (None, Some("BR.3")));
        check((None, Some("BR.4")), (None, Some("BR.4")));
        check((Some(nine), Some("BR.1")), (Some(nine), Some("BR.1")));
    }

    #[test]
    fn who_is_not_named_is_the_only_contact_or_nobody() {
        let only = r#"[{"wa_id":"5511987654321"}]"#;
        assert!(contacts(only).complete(None) == somebody(Some("5511987654321"), None));
        assert!(contacts(LIST).complete(None).is_none());
        assert!(contacts("[]").complete(None).is_none());
        assert!(contacts("7").complete(None).is_none());
    }
}
