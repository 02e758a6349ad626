//! What is on disk: whole or not there, bounded, shared.

use super::super::sweep::Swept;
use super::*;

#[test]
fn what_was_kept_is_there_after_a_restart_and_for_another_edge() {
    let scratch = Scratch::new();
    let (one, other) = (scratch.folder(), scratch.folder());
    keep(&one, "/a", "body", START);
    assert_eq!(found(&one, "/a", after(1)).as_deref(), Some("body"));
    assert_eq!(found(&other, "/a", after(1)).as_deref(), Some("body"));
    assert_eq!(found(&scratch.folder(), "/a", after(1)).as_deref(), Some("body"));
    assert_eq!(found(&one, "/b", after(1)), None);
}

#[test]
fn a_folder_that_somebody_removed_is_made_anew_by_what_is_kept_next() {
    let removed: [fn(&Folder) -> &Path; 4] = [
        |folder| &folder.dir,
        |folder| &folder.bodies,
        |folder| &folder.names,
        |folder| &folder.new,
    ];
    for (which, removed) in removed.into_iter().enumerate() {
        let scratch = Scratch::new();
        let folder = scratch.folder();
        keep(&folder, "/a", "body", START);
        std::fs::remove_dir_all(removed(&folder)).unwrap();
        keep(&folder, "/b", "other", after(2));
        assert_eq!(found(&folder, "/b", after(3)).as_deref(), Some("other"), "{which}");
    }
}

#[test]
fn codings_are_files_of_their_own_and_the_first_that_is_there_is_given() {
    let scratch = Scratch::new();
    let folder = scratch.folder();
    folder.keep(label("/a", Coding::Gzip), b"zipped", START).unwrap();
    folder.keep(label("/b", Coding::Gzip), b"zipped", START).unwrap();
    keep(&folder, "/b", "plain", START);
    let find = |path, codings: &[Coding]| {
        folder.find(path, codings, LIMITS, START).map(|found| found.body.to_vec())
    };
    let any = [Coding::Br, Coding::Gzip, Coding::Identity];
    assert_eq!(find("/a", &any).unwrap(), b"zipped");
    assert_eq!(find("/a", &[Coding::Identity]), None);
    assert_eq!(find("/b", &any).unwrap(), b"zipped");
    assert_eq!(find("/b", &[Coding::Identity]).unwrap(), b"plain");
}

#[test]
fn the_same_content_is_there_once_and_another_takes_the_place_of_the_old() {
    let scratch = Scratch::new();
    let folder = scratch.folder();
    keep(&folder, "/a", "same", START);
    keep(&folder, "/b", "same", START);
    assert_eq!((count(&folder.bodies), count(&folder.names)), (1, 2));
    assert_eq!(folder.keep(label("/a", Coding::Identity), b"same", after(9)).unwrap(), 0);
    keep(&folder, "/a", "other", after(10));
    assert_eq!(found(&folder, "/a", after(11)).as_deref(), Some("other"));
    assert_eq!(found(&folder, "/b", after(11)).as_deref(), Some("same"));
}

/// A crash of the machine may leave any part of a file behind, and a disk may change it.
#[test]
fn a_damaged_body_is_found_and_dropped() {
    for damage in ["", "bod", "bodY", "body and more"] {
        let scratch = Scratch::new();
        let folder = scratch.folder();
        keep(&folder, "/a", "body", START);
        std::fs::write(only_file(&folder.bodies), damage).unwrap();
        assert_eq!(found(&folder, "/a", after(1)), None, "{damage:?}");
        assert_eq!((count(&folder.bodies), count(&folder.names)), (0, 0), "{damage:?}");
        keep(&folder, "/a", "body", after(2));
        assert_eq!(found(&folder, "/a", after(3)).as_deref(), Some("body"), "kept anew");
    }
}

#[test]
fn an_entry_without_its_body_is_dropped() {
    let scratch = Scratch::new();
    let folder = scratch.folder();
    keep(&folder, "/a", "body", START);
    std::fs::remove_file(only_file(&folder.bodies)).unwrap();
    assert_eq!(found(&folder, "/a", after(1)), None);
    assert_eq!(count(&folder.names), 0);
}

#[test]
fn a_damaged_entry_is_found_and_dropped() {
    let scratch = Scratch::new();
    let folder = scratch.folder();
    keep(&folder, "/a", "body", START);
    let name = only_file(&folder.names);
    let text = std::fs::read(&name).unwrap();
    for end in [0, 1, text.len() / 2, text.len() - 1] {
        std::fs::write(&name, &text[..end]).unwrap();
        assert_eq!(found(&folder, "/a", after(1)), None, "{end} bytes");
        assert_eq!(count(&folder.names), 0, "{end} bytes");
    }
    // One that came under another's name would be served as what it is not.
    keep(&folder, "/b", "body", START);
    let other = folder.names.join(super::super::label::entry_name("/a", Coding::Identity));
    std::fs::rename(only_file(&folder.names), &other).unwrap();
    assert_eq!(found(&folder, "/a", after(1)), None);
}

#[test]
fn what_a_crash_left_behind_is_swept_once_nobody_can_be_writing_it() {
    let scratch = Scratch::new();
    let folder = scratch.folder();
    keep(&folder, "/a", "body", START);
    let half = folder.new.join("1-2");
    let orphan = folder.bodies.join("0".repeat(64));
    for path in [&half, &orphan] {
        std::fs::write(path, "half").unwrap();
        let time = std::time::UNIX_EPOCH + Duration::from_millis(START.as_millis());
        std::fs::File::open(path).unwrap().set_modified(time).unwrap();
    }
    folder.sweep(LIMITS, after(3599)).unwrap();
    assert!(half.exists() && orphan.exists());
    folder.sweep(LIMITS, after(3600)).unwrap();
    assert!(!half.exists() && !orphan.exists());
    assert_eq!(found(&folder, "/a", after(3601)).as_deref(), Some("body"));
}

#[test]
fn a_file_is_kept_for_max_age_after_its_last_use() {
    let scratch = Scratch::new();
    let folder = scratch.folder();
    let day = 24 * 3600;
    keep(&folder, "/used", "used", START);
    keep(&folder, "/left", "left", START);
    assert!(found(&folder, "/used", after(6 * day)).is_some());
    // Too old is too old, swept or not.
    assert_eq!(found(&folder, "/left", after(7 * day)), None);
    assert_eq!(count(&folder.names), 2);
    let swept = folder.sweep(LIMITS, after(7 * day)).unwrap();
    assert_eq!((swept.left, swept.dropped), (1, 1));
    assert_eq!(count(&folder.bodies), 1);
    assert!(found(&folder, "/used", after(13 * day - 1)).is_some());
    let swept = folder.sweep(LIMITS, after(20 * day)).unwrap();
    assert_eq!(swept, Swept { left: 0, dropped: 1, size: 0 });
}

#[test]
fn a_full_folder_lets_go_of_what_was_used_the_longest_ago() {
    let scratch = Scratch::new();
    let folder = scratch.folder();
    let body = |letter: &str| letter.repeat(10_000);
    for (second, name) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
        keep(&folder, &format!("/{name}"), &body(name), after(second as u64));
    }
    assert!(found(&folder, "/a", after(10)).is_some());
    let limits = Limits { max_size: 45_000, ..LIMITS };
    let swept = folder.sweep(limits, after(11)).unwrap();
    assert_eq!((swept.left, swept.dropped), (3, 2));
    assert!(swept.size <= 45_000 * 7 / 8, "{swept:?}");
    let left = ["/a", "/b", "/c", "/d", "/e"].map(|path| found(&folder, path, after(12)).is_some());
    assert_eq!(left, [true, false, false, true, true]);
    assert_eq!(folder.sweep(limits, after(13)).unwrap().dropped, 0);
}

#[test]
fn a_body_stays_for_as_long_as_one_entry_leads_to_it() {
    let scratch = Scratch::new();
    let folder = scratch.folder();
    keep(&folder, "/old", "shared", START);
    keep(&folder, "/new", "shared", after(1));
    let day = 24 * 3600;
    assert!(found(&folder, "/new", after(6 * day)).is_some());
    assert_eq!(folder.sweep(LIMITS, after(8 * day)).unwrap().dropped, 1);
    assert_eq!(found(&folder, "/new", after(8 * day)).as_deref(), Some("shared"));
}

#[test]
fn edges_that_share_a_folder_do_each_other_no_harm() {
    let scratch = Scratch::new();
    let work = |number: usize| {
        let folder = scratch.folder();
        for round in 0..200 {
            let path = format!("/{}", round % 20);
            keep(&folder, &path, &format!("body of {path}"), after(round));
            if number == 0 && round % 10 == 0 {
                folder.sweep(Limits { max_size: 1000, ..LIMITS }, after(round)).unwrap();
            }
            // It may have been swept just now; what is there is right.
            let body = found(&folder, &path, after(round));
            assert!(body.is_none_or(|body| body == format!("body of {path}")));
        }
    };
    std::thread::scope(|scope| {
        for number in 0..3 {
            scope.spawn(move || work(number));
        }
    });
    let folder = scratch.folder();
    assert_eq!(count(&folder.new), 0);
    keep(&folder, "/last", "last", after(1000));
    assert_eq!(found(&folder, "/last", after(1000)).as_deref(), Some("last"));
}

/// To root nothing is read-only: a file in the place of the folder fails alike.
#[test]
fn what_cannot_be_written_is_not_kept_and_what_is_there_is_read() {
    let scratch = Scratch::new();
    let folder = scratch.folder();
    keep(&folder, "/a", "body", START);
    std::fs::remove_dir(&folder.new).unwrap();
    std::fs::write(&folder.new, "").unwrap();
    assert!(folder.keep(label("/b", Coding::Identity), b"b", START).is_err());
    assert!(folder.prepare().is_err());
    assert_eq!(found(&folder, "/a", after(1)).as_deref(), Some("body"));
}
