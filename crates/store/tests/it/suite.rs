//! The promises, one module for each part of the contract.

pub mod checkpoints;
pub mod log;
pub mod outbox;
pub mod plain;
pub mod tickets;

/// Makes a test of every promise for the stores that `$open` makes.
macro_rules! promises {
    ($open:path) => {
        $crate::suite::promises!($open, log:
            entries_come_back_as_they_were_written
            a_second_writer_at_the_same_revision_is_raced
            a_gap_in_the_revisions_is_refused
            a_failed_append_leaves_nothing
            the_head_is_the_newest_entry
            an_organization_that_is_not_there_has_no_log
            logs_of_two_organizations_do_not_mix
            a_large_body_comes_back_in_parts
            a_long_log_is_read_in_both_directions
            a_reader_sees_entries_that_come_while_it_reads
            a_batch_of_any_size_is_one_transaction
            an_abandoned_append_is_whole_or_absent
            mentions_find_the_entries_of_a_person
            a_rewritten_entry_keeps_its_place_time_and_hash
            a_rewritten_large_body_leaves_no_part_behind
            a_reader_beside_a_rewrite_sees_one_body_or_the_other
        );
        $crate::suite::promises!($open, checkpoints:
            a_checkpoint_comes_back_byte_for_byte
            a_checkpoint_is_only_there_once_it_is_whole
            checkpoints_are_listed_newest_first_and_by_version
            a_checkpoint_is_replaced_by_another_at_its_revision
            a_damaged_checkpoint_can_be_dropped
            entries_are_appended_while_a_checkpoint_is_saved
            checkpoints_thin_out_with_age
            forgetting_removes_every_checkpoint_of_the_organization
        );
        $crate::suite::promises!($open, plain:
            an_organization_is_founded_with_its_first_entry_or_not_at_all
            names_and_the_home_place_are_unique
            deleting_an_organization_removes_everything_of_it
            rows_are_written_with_their_entry
            a_secret_is_found_by_its_hash_in_all_organizations
            a_secret_is_replaced_and_removed
            the_same_secret_twice_is_refused
            an_idempotency_key_belongs_to_its_caller_and_is_pruned_by_age
            events_are_read_in_both_directions
            events_have_no_gaps
            last_use_never_goes_backwards
            settings_are_kept_and_the_installation_has_one_number
        );
        $crate::suite::promises!($open, tickets:
            a_ticket_comes_back_by_its_kind_and_hash
            a_ticket_is_put_only_once
            a_ticket_needs_its_organization
            of_several_takers_exactly_one_gets_a_ticket
            a_ticket_is_taken_as_it_last_was
            a_ticket_changes_only_from_what_was_seen
            of_several_changes_from_the_same_data_exactly_one_counts
            tickets_are_written_with_their_entry
            an_owners_tickets_of_one_kind_are_listed
            an_owners_tickets_of_one_kind_are_dropped
            tickets_are_pruned_by_age
            the_tickets_of_a_deleted_organization_go_with_it
        );
        $crate::suite::promises!($open, outbox:
            mail_is_due_from_its_time_on_and_the_longest_due_comes_first
            postponed_mail_waits_for_its_time
            dropped_mail_is_gone
            mail_needs_its_organization
            the_mail_of_a_deleted_organization_goes_with_it
        );
    };
    ($open:path, $module:ident: $($promise:ident)*) => {
        mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let made = $open().await;
                $crate::suite::$module::$promise(&made.store).await;
                rolecall_store::Store::close(&made.store).await.unwrap();
            })*
        }
    };
}
pub(crate) use promises;
