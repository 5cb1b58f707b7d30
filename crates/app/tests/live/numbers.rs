//! Trunks: whose calls come without a password.

use crate::world::World;

on_both_engines!(a_trunk_is_known_by_its_addresses);

async fn a_trunk_is_known_by_its_addresses(world: World) {
    let known = world.live.trunk_at("192.0.2.7".parse().unwrap());
    assert_eq!(known, Some(("acme".into(), "provider".to_owned())));
    assert_eq!(world.live.trunk_at("192.0.2.16".parse().unwrap()), None);
    let networks = world.live.trunk_networks();
    assert_eq!((networks.len(), networks[0].prefix), (1, 28));
    let changes = world.live.plan_changed();
    world.app.delete_device(&world.admin, "C").await.unwrap();
    assert!(changes.has_changed().unwrap());
}
