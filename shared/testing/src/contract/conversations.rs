//! Conversations: each message and each answer once.

use recado_ports::{ChatEntry, ChatRecord, Conversations};

use super::situations::token;
use super::{at, person, sealed, tenant};

pub(super) async fn check<S: Conversations>(store: &S) {
    a_message_is_stored_once_and_read_back(store).await;
    a_conversation_is_read_oldest_first(store).await;
    an_answer_is_claimed_once(store).await;
}

pub(super) fn entry(seconds: i64, kind: &str) -> ChatEntry {
    ChatEntry {
        sort_key: format!("{:015}#inbound", at(seconds).as_millisecond()),
        kind: kind.to_owned(),
        content: sealed(4),
    }
}

async fn a_message_is_stored_once_and_read_back<S: Conversations>(store: &S) {
    let (bank, who) = (tenant("banco-aurora"), person("a message"));
    let first = entry(1, "text");
    let read = async || {
        store
            .chat_entry(&bank, &who, &first.sort_key)
            .await
            .expect("the store answers")
    };
    assert_eq!(read().await, None);
    let stored = store
        .put_chat(&bank, &who, &first)
        .await
        .expect("the store answers");
    assert_eq!(stored, ChatRecord::New);
    let other = ChatEntry {
        kind: "image".to_owned(),
        ..first.clone()
    };
    let repeated = store
        .put_chat(&bank, &who, &other)
        .await
        .expect("the store answers");
    assert_eq!(repeated, ChatRecord::Repeated);
    assert_eq!(read().await, Some(first.clone()), "the first one stays");
    let elsewhere = store
        .chat_entry(&tenant("banco-boreal"), &who, &first.sort_key)
        .await;
    assert_eq!(elsewhere.expect("the store answers"), None);
    let dropped = async |bank| store.drop_chat(bank, &who, &first.sort_key).await;
    let other_bank = tenant("banco-boreal");
    dropped(&other_bank).await.expect("the store answers");
    assert_eq!(
        read().await,
        Some(first.clone()),
        "another bank's is not there"
    );
    for _ in 0..2 {
        dropped(&bank).await.expect("the store answers");
        assert_eq!(read().await, None);
    }
}

async fn a_conversation_is_read_oldest_first<S: Conversations>(store: &S) {
    let (bank, who) = (tenant("banco-aurora"), person("a conversation"));
    for seconds in [3, 1, 2] {
        let stored = store.put_chat(&bank, &who, &entry(seconds, "text")).await;
        assert_eq!(stored.expect("the store answers"), ChatRecord::New);
    }
    let all = store
        .conversation(&bank, &who)
        .await
        .expect("the store answers");
    assert_eq!(all, [entry(1, "text"), entry(2, "text"), entry(3, "text")]);
    let nobody = store
        .conversation(&bank, &person("nobody's conversation"))
        .await;
    assert_eq!(nobody.expect("the store answers"), []);
}

async fn an_answer_is_claimed_once<S: Conversations>(store: &S) {
    let (bank, who) = (tenant("banco-aurora"), person("an answer"));
    let entry = entry(1, "opt_out");
    let claim = async |writer| {
        let claimed = store
            .claim_reply(&bank, &who, &entry.sort_key, &token(writer))
            .await;
        claimed.expect("the store answers")
    };
    assert_eq!(
        claim(2).await,
        ChatRecord::Repeated,
        "there is nothing to answer"
    );
    store
        .put_chat(&bank, &who, &entry)
        .await
        .expect("the store answers");
    assert_eq!(claim(2).await, ChatRecord::New);
    assert_eq!(claim(3).await, ChatRecord::Repeated);
    assert_eq!(
        claim(2).await,
        ChatRecord::New,
        "its own claim, asked for again"
    );
    let read = store
        .chat_entry(&bank, &who, &entry.sort_key)
        .await
        .expect("the store answers");
    assert_eq!(read, Some(entry.clone()), "the message is as it was");
    let again = store
        .put_chat(&bank, &who, &entry)
        .await
        .expect("the store answers");
    assert_eq!(again, ChatRecord::Repeated);
    assert_eq!(
        claim(4).await,
        ChatRecord::Repeated,
        "Meta's repetition frees no answer"
    );
}
