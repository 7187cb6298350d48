//! Where this project decides otherwise than ExternalDNS for Google, Azure, Cloudflare and BlueCat, and the test that shows it: what
//! must not be reproduced ("BUG" in the specification), and what is added to it.

use std::path::Path;

/// What is claimed, and the test of it as `file::name`; files are relative to `shared`.
type Claim = (&'static str, &'static str);

const GOOGLE: [Claim; 12] = [
    (
        "the project may be that of the credentials or of GOOGLE_CLOUD_PROJECT",
        "auth/src/google/tests.rs::the_project_is_looked_for_in_every_place",
    ),
    (
        "a name with a routing policy is told of and never touched",
        "providers/src/google/tests/contract.rs::a_name_with_a_routing_policy_is_left_alone",
    ),
    (
        "the target of a DNAME has its final dot",
        "providers/src/google/tests/cases.rs::google_case_07_every_type_is_written_in_the_form_of_the_service",
    ),
    (
        "a name with more changes than a call may have is reported",
        "providers/src/google/tests/cases.rs::google_case_09_batches_are_as_large_as_the_flag_says_and_lose_nothing",
    ),
    (
        "a zone that fails does not stop the others",
        "providers/src/google/tests/contract.rs::a_zone_that_fails_does_not_stop_the_others",
    ),
    (
        "a name that is refused does not stop the others of its call",
        "providers/src/google/tests/contract.rs::what_is_refused_by_name_or_number_does_not_stop_the_others",
    ),
    (
        "what is deleted is what was read, and nothing that was not",
        "providers/src/google/tests/contract.rs::what_is_deleted_is_what_was_read",
    ),
    (
        "of two zones with one domain the public one is written, or all with a flag",
        "providers/src/google/tests/contract.rs::of_zones_with_one_domain_the_public_one_is_managed_unless_all_shall_be",
    ),
    (
        "a zone whose name has letters outside ASCII has its names",
        "providers/src/google/tests/cases.rs::google_case_11_a_zone_with_a_labels_has_the_names_with_letters",
    ),
    (
        "a property that is not stored, such as alias, is no update in every run",
        "providers/src/google/tests/contract.rs::properties_and_set_identifiers_are_not_stored",
    ),
    (
        "PTR is written",
        "providers/src/google/tests/cases.rs::google_case_07_every_type_is_written_in_the_form_of_the_service",
    ),
    (
        "requests are measured",
        "auth/src/requests.rs::a_request_is_counted_with_the_status_of_its_answer_and_one_without_too",
    ),
];

const AZURE: [Claim; 10] = [
    (
        "the configuration file may be YAML",
        "auth/src/azure/tests.rs::flags_win_over_the_file_and_the_file_over_the_environment",
    ),
    (
        "the configuration file may be absent where flags or variables say enough",
        "auth/src/azure/tests.rs::without_the_file_variables_and_flags_are_enough",
    ),
    (
        "a list of zones that fails may be different in a moment",
        "providers/src/azure/tests/contract.rs::a_list_of_zones_that_fails_may_be_different_in_a_moment",
    ),
    (
        "an alias of a resource is seen, and not overwritten",
        "providers/src/azure/tests/contract.rs::an_alias_of_a_resource_is_read_and_cannot_be_changed",
    ),
    (
        "all records and strings of a TXT are read, in public zones",
        "providers/src/azure/tests/cases.rs::azure_case_02_record_sets_with_several_values",
    ),
    (
        "all records and strings of a TXT are read, in private zones",
        "providers/src/azure/tests/cases.rs::azure_private_case_02_record_sets_with_several_values",
    ),
    (
        "a long TXT is written as strings of 255 bytes",
        "providers/src/azure/tests/contract.rs::a_long_text_is_written_as_several_strings_of_one_record",
    ),
    (
        "two tags are no update in every run",
        "providers/src/azure/tests/cases.rs::azure_case_08_two_tags_are_written_once",
    ),
    (
        "the relative name is right where the zone's has letters outside ASCII",
        "providers/src/azure/tests/contract.rs::names_of_a_zone_with_letters_are_relative_to_it_in_either_form",
    ),
    (
        "a write that fails is a failure of the run",
        "providers/src/azure/tests/cases.rs::azure_case_13_a_write_that_fails_is_reported",
    ),
];

const CLOUDFLARE: [Claim; 15] = [
    (
        "two MX records with one host and two priorities are two records",
        "providers/src/cloudflare/tests/values.rs::two_priorities_of_one_mail_host_are_two_records",
    ),
    (
        "values whose TTL or proxy differs are made alike",
        "providers/src/cloudflare/tests/values.rs::values_of_a_name_that_disagree_are_made_alike",
    ),
    (
        "only A and CNAME have custom hostnames",
        "providers/src/cloudflare/tests/beside.rs::only_a_and_cname_have_custom_hostnames",
    ),
    (
        "annotations with another prefix mean the same; empty tags, comments and hostnames are none; names are compared whole",
        "providers/src/cloudflare/tests/attributes.rs::cloudflare_case_14_what_was_written_is_read_as_it_is_desired",
    ),
    (
        "a comment is cut before it is compared, between two characters",
        "providers/src/cloudflare/tests/attributes.rs::cloudflare_case_15_comments_are_as_long_as_the_plan_allows",
    ),
    (
        "a batch is as small as the flag says and no larger than the plan of the zone allows",
        "providers/src/cloudflare/tests/batches.rs::five_thousand_changes_take_no_more_calls_than_the_flag_and_the_plan_demand",
    ),
    (
        "a batch that was throttled, or met a failing server, is sent again as it is",
        "providers/src/cloudflare/tests/batches.rs::a_batch_that_comes_too_fast_is_sent_again_as_it_is",
    ),
    (
        "a record that is refused does not stop the others of its batch",
        "providers/src/cloudflare/tests/batches.rs::cloudflare_case_16_one_bad_record_does_not_stop_the_others",
    ),
    (
        "a TXT is the same in quotes and without",
        "providers/src/cloudflare/tests/values.rs::cloudflare_case_04_text_is_sent_as_it_is_given",
    ),
    (
        "priority is sent for MX alone",
        "providers/src/cloudflare/tests/values.rs::cloudflare_case_01_each_address_is_a_record_of_its_own",
    ),
    (
        "a custom hostname of a record with two targets is made once, and stays where a target changes",
        "providers/src/cloudflare/tests/beside.rs::cloudflare_case_24_custom_hostnames_follow_their_record",
    ),
    (
        "a region wins over an empty one in both orders",
        "providers/src/cloudflare/tests/beside.rs::cloudflare_case_23_two_regions_of_a_name_are_a_conflict_and_an_empty_one_gives_way",
    ),
    (
        "a region stays as long as its name has records",
        "providers/src/cloudflare/tests/beside.rs::a_region_stays_as_long_as_its_name_has_records",
    ),
    (
        "PTR is read and written",
        "providers/src/cloudflare/tests/batches.rs::cloudflare_case_21_no_type_needs_calls_of_its_own",
    ),
    (
        "an update of a vanished record is a failure, as nothing was written",
        "providers/src/cloudflare/tests/batches.rs::cloudflare_case_19_a_vanished_record",
    ),
];

const BLUECAT: [Claim; 12] = [
    (
        "without a root zone it is com, so that the list of zones has a path",
        "providers/src/bluecat/tests.rs::settings_of_the_file_and_of_the_flags",
    ),
    (
        "an empty type of deployment in the file is no-deploy",
        "providers/src/bluecat/tests.rs::settings_of_the_file_and_of_the_flags",
    ),
    (
        "properties that are missing, empty or of another form stop nothing",
        "providers/src/bluecat/tests.rs::records_are_read_with_their_whole_names",
    ),
    (
        "a TXT has its whole name, and its text in the place of all properties",
        "providers/src/bluecat/tests.rs::records_are_read_with_their_whole_names",
    ),
    (
        "the domain filter sees the whole name of a zone",
        "providers/src/bluecat/tests.rs::zones_are_found_below_the_root",
    ),
    (
        "all addresses of a host are written and read",
        "providers/src/bluecat/tests.rs::records_as_they_are_written",
    ),
    (
        "a record without a TTL has that of its zone, and not 0",
        "providers/src/bluecat/tests.rs::records_as_they_are_written",
    ),
    (
        "a write that fails is a failure of the run",
        "providers/src/bluecat/tests.rs::failures_and_what_they_mean",
    ),
    (
        "a record that is gone already is no failure, and what replaces it is made",
        "providers/src/bluecat/tests.rs::a_record_is_changed_by_a_delete_and_a_create",
    ),
    (
        "a run that changed nothing deploys nothing",
        "providers/src/bluecat/tests.rs::changes_are_deployed_once",
    ),
    (
        "a record that the workflow made of another name is removed again, and the run fails",
        "providers/src/bluecat/tests.rs::a_record_of_another_name_is_removed_again",
    ),
    (
        "a record in another zone than its name is left alone, as a delete could hit its namesake",
        "providers/src/bluecat/tests.rs::a_record_in_another_zone_than_its_name_is_left_alone",
    ),
];

#[test]
fn every_claim_has_its_test() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (claim, test) in GOOGLE.iter().chain(&AZURE).chain(&CLOUDFLARE).chain(&BLUECAT) {
        let (file, name) = test.split_once("::").expect("a file and a name");
        let text = std::fs::read_to_string(shared.join(file));
        let text = text.unwrap_or_else(|error| panic!("{claim}: {file}: {error}"));
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let is_test = |pair: &[&str]| {
            let is_it = pair[1].trim_start_matches("async ").starts_with(&format!("fn {name}("));
            is_it && (pair[0].starts_with("#[test") || pair[0].starts_with("#[tokio::test"))
        };
        assert!(lines.windows(2).any(is_test), "{claim}: there is no test {name} in {file}");
    }
}
