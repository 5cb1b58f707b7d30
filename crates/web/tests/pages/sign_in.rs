//! Signing in: where one lands, and what the cookie is for.

use crate::world::{PASSWORD, World};
use http::header;

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_was_given_over_https_is_for_https_only() {
    let world = World::new().await;
    let fields = [("email", "ada@example.com"), ("password", PASSWORD)];
    let given = async |origin: &str| {
        let page = world.anybody().post_from(origin, "/sign-in", &fields).await;
        assert_eq!(page.leads_to(), "/");
        page.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap().to_owned()
    };
    let plain = given("http://touchline.example:8443").await;
    assert!(plain.contains("; HttpOnly; SameSite=Lax") && !plain.contains("Secure"), "{plain}");
    assert!(given("https://touchline.example:8443").await.ends_with("; Secure"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_led_elsewhere_after_the_sign_in() {
    let world = World::new().await;
    let (admin, anybody) = (world.admin().await, world.anybody());
    for (next, lands) in [
        ("/calls?q=a&b", "/calls?q=a&b"),
        ("//evil.example", "/"),
        // Browsers leave tabs out: this would be `//evil.example`.
        ("/\t/evil.example", "/"),
        ("/\\evil.example", "/"),
    ] {
        let fields = [("email", "ada@example.com"), ("password", PASSWORD), ("next", next)];
        assert_eq!(anybody.post("/sign-in", &fields).await.leads_to(), lands);
        let escaped: String = next.bytes().map(|byte| format!("%{byte:02X}")).collect();
        assert_eq!(admin.get(&format!("/sign-in?next={escaped}")).await.leads_to(), lands);
    }
}
