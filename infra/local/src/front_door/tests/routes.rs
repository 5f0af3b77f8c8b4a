use super::*;

#[test]
fn the_most_specific_route_is_taken() {
    let keys = [
        "$default",
        "ANY /{proxy+}",
        "GET /pets/{proxy+}",
        "GET /pets/dog/{id}",
        "GET /pets/dog/1",
        "ANY /pets/{name}/1",
        "POST /pets/{other}/1",
    ];
    let routes = Routes::new(keys.iter().map(|k| route(k, Access::Open)).collect()).unwrap();
    for (method, path, expected) in [
        ("GET", "/pets/dog/1", "GET /pets/dog/1"),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}"),
        ("GET", "/pets/cat/6", "GET /pets/{proxy+}"),
        ("GET", "/pets/cat/1", "ANY /pets/{name}/1"),
        ("POST", "/pets/cat/1", "POST /pets/{other}/1"),
        ("POST", "/test/5", "ANY /{proxy+}"),
        ("GET", "/", "$default"),
    ] {
        let (route, _) = routes.find(method, path).unwrap();
        assert_eq!(route.key, expected, "{method} {path}");
    }
}

#[test]
fn an_escaped_slash_does_not_split_a_path_variable() {
    let routes = Routes::new(vec![route("GET /a/{x}/b", Access::Open)]).unwrap();
    let (_, variables) = routes.find("GET", "/a/1%2F2%20%zz/b").unwrap();
    assert_eq!(variables, [("x".to_owned(), "1/2 %zz".to_owned())]);
}

#[test]
fn two_routes_for_the_same_requests_are_an_error() {
    let twice = |a: &str, b: &str| {
        Routes::new(vec![route(a, Access::Open), route(b, Access::Open)]).is_err()
    };
    assert!(twice("GET /a/{x}", "GET /a/{y}"));
    assert!(twice("$default", "$default"));
    assert!(!twice("GET /a/{x}", "GET /b/{x}"));
    assert!(!twice("GET /a", "ANY /a"));
}
