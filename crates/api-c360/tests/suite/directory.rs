//! People, teams, departments.

use crate::world::{both, column};
use serde_json::json;
use touchline_model::{Group, User};

// covers(c360): OP-2, OP-3, OP-4, B-9, S4.1, S4.2, X-28
#[tokio::test]
async fn the_directory_shows_active_people_teams_and_departments_in_full() {
    both(async |world| {
        for group in [
            json!({ "id": "d1", "name": "Sales", "kind": "department" }),
            json!({ "id": "d2", "name": "Gone", "kind": "department", "active": false }),
            json!({ "id": "t1", "name": "Inbound", "parent_id": "d1", "manager_id": "u2" }),
            json!({ "id": "t2", "name": "Alone" }),
            json!({ "id": "t3", "name": "Old", "active": false }),
        ] {
            world.put::<Group>(group).await;
        }
        for user in [
            json!({ "id": "u1", "email": "john.doe@example.com", "first_name": "John", "last_name": "Doe",
                    "team_id": "t1", "system_ids": ["jason", "argonauts"] }),
            json!({ "id": "u2", "email": "m@example.com", "department_id": "d2", "team_id": "t1" }),
            json!({ "id": "u3", "email": "x@example.com", "active": false }),
            json!({ "id": "u4", "email": "free@example.com" }),
        ] {
            world.put::<User>(user).await;
        }
        assert_eq!(
            world.json("/users").await,
            json!([
                { "userId": "u1", "email": "john.doe@example.com", "firstName": "John", "lastName": "Doe",
                  "teamId": "t1", "departmentId": "d1", "systemIds": ["jason", "argonauts"] },
                { "userId": "u2", "email": "m@example.com", "firstName": "", "lastName": "",
                  "teamId": "t1", "departmentId": "d2", "systemIds": [] },
                { "userId": "u4", "email": "free@example.com", "firstName": "", "lastName": "",
                  "teamId": null, "departmentId": null, "systemIds": [] },
            ])
        );
        assert_eq!(
            world.json("/teams").await,
            json!([
                { "id": "t1", "name": "Inbound", "managerId": "u2", "departmentId": "d1" },
                { "id": "t2", "name": "Alone", "managerId": null, "departmentId": null },
            ])
        );
        assert_eq!(world.json("/departments").await, json!([{ "id": "d1", "name": "Sales" }]));
    })
    .await;
}

// covers(c360): B-9
#[tokio::test]
async fn the_directory_is_not_paged() {
    both(async |world| {
        let users: Vec<User> = (0..1_234)
            .map(|n| serde_json::from_value(json!({ "id": format!("u{n:04}"), "email": "a@b.c" })).unwrap())
            .collect();
        world.app.put_many(&world.system, users).await.unwrap();
        let found = world.list("/users?limit=5&last_id=u0003").await;
        assert_eq!(found.len(), 1_234, "parameters of other operations are ignored");
        assert_eq!(column(&found, "userId")[1_233], "u1233");
    })
    .await;
}
