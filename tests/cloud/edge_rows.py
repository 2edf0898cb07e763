"""The rows of docs/edge-cases.md, and the tests that bear their names."""

CLOUD = "tests/cloud/test_edge_cases.py"
TIME = "tests/cloud/test_edge_cases_time.py"
OWNER = "tests/cloud/test_edge_cases_owner.py"
RETOLD = "tests/cloud/test_stay_retold.py"
RETELLING = "tests/edge/test_retelling.py"
SENSING = "tests/sensing/test_detector_cases.py"
CHAIN = "tests/chain/test_chain_conformance.py"
MONEY = "test_a_withdrawal_waits_its_delay_and_is_the_owners_to_ask"
SWAP = "test_a_swap_that_never_showed_the_space_empty_is_split_by_the_plate"
KILL = "test_kill_mid_stay_gives_no_second_arrival_and_still_the_departure"
PARKED = "test_what_was_agreed_anew_for_a_parked_car_takes_the_old_grants_place"
# Row -> (file, function); the first is the row's own.
ROWS: dict[str, tuple[tuple[str, str], ...]] = {
    "wrong vehicle in a booked space": ((CLOUD, "test_wrong_vehicle_in_a_booked_space"),),
    "car in a space nobody booked": ((CLOUD, "test_car_in_a_space_nobody_booked"),),
    "driver takes another shared space of ours": (
        (CLOUD, "test_driver_takes_another_shared_space_of_ours"),
        (CLOUD, "test_driver_takes_another_shared_space_of_ours_that_is_not_free"),
        (RETOLD, "test_a_booking_that_followed_its_car_is_billed_from_its_arrival"),
    ),
    "early arrival": (
        (CLOUD, "test_early_arrival"),
        (CLOUD, "test_early_arrival_before_the_terms_allow_it_is_guided"),
        (RETOLD, "test_who_came_before_the_terms_let_them_is_billed_from_when_they_do"),
    ),
    "late arrival": (
        (CLOUD, "test_late_arrival"),
        (CLOUD, "test_late_arrival_after_the_release_is_a_walk_in_if_free"),
        (CLOUD, "test_late_arrival_when_another_has_booked_since_is_no_walk_in"),
    ),
    "extension at the last minute": (
        (RETOLD, "test_extension_at_the_last_minute"),
        (RETOLD, "test_extending_is_refused_while_parked_where_another_has_the_space"),
        (RETELLING, PARKED),
    ),
    "change that the gateway had not heard of": (
        (RETOLD, "test_change_that_the_gateway_had_not_heard_of"),
        (RETOLD, "test_change_that_the_gateway_heard_of_only_after_the_car_had_left"),
        (RETOLD, "test_a_car_that_left_later_than_its_gateway_knew_goes_to_a_person"),
    ),
    "second visit within the booked time": (
        (RETOLD, "test_second_visit_within_the_booked_time"),
        (RETOLD, "test_second_visit_within_the_booked_time_that_is_booked_anew"),
        (RETOLD, "test_second_visit_within_the_booked_time_to_a_space_that_another_has_booked"),
    ),
    "overstay": (
        (TIME, "test_overstay"),
        (TIME, "test_overstay_that_nothing_confirmed_is_not_charged"),
        (TIME, "test_overstay_moves_the_next_driver_at_the_causers_cost"),
        (TIME, "test_overstay_with_no_other_space_gives_the_next_driver_the_money_back"),
    ),
    "owner wants the space back early": ((OWNER, "test_owner_wants_the_space_back_early"),),
    "owner shrinks or withdraws a window with bookings": (
        (OWNER, "test_owner_shrinks_or_withdraws_a_window_with_bookings"),
    ),
    "owner's own car": ((CLOUD, "test_owners_own_car"),),
    "plate misread": (
        (CLOUD, "test_plate_misread"),
        (RETOLD, "test_a_misread_plate_that_a_person_compared_is_billed_from_its_arrival"),
    ),
    "plate typed wrong at booking": (
        (CLOUD, "test_plate_typed_wrong_at_booking"),
        (RETOLD, "test_a_plate_corrected_while_the_car_stands_there_makes_it_its_bookings"),
    ),
    "sensor flapping": (
        (OWNER, "test_sensor_flapping"),
        (
            "tests/sensing/test_space_detector.py",
            "test_an_ultrasonic_sensor_that_loses_every_fourth_echo_makes_one_arrival",
        ),
    ),
    "camera loses a parked car": (
        (OWNER, "test_camera_loses_a_parked_car"),
        (SENSING, "test_plate_reads_alone_never_end_a_stay"),
    ),
    "sensors disagree": (
        (CLOUD, "test_sensors_disagree"),
        (
            "tests/sensing/test_space_detector.py",
            "test_sensors_that_contradict_each_other_for_long_give_unknown",
        ),
    ),
    "quick swap": ((TIME, "test_quick_swap"), (SENSING, SWAP)),
    "power cut mid-stay": (
        (TIME, "test_power_cut_mid_stay"),
        ("tests/edge/test_restart.py", KILL),
    ),
    "gateway offline for hours": ((TIME, "test_gateway_offline_for_hours"),),
    "clock drift": (
        (TIME, "test_clock_drift"),
        (TIME, "test_clock_drift_of_an_arrival_nobody_can_date_bills_nothing"),
    ),
    "duplicates and reordering": ((TIME, "test_duplicates_and_reordering"),),
    "price change mid-stay": ((TIME, "test_price_change_mid_stay"),),
    "DST and time zones": ((TIME, "test_dst_and_time_zones"),),
    "refund or dispute": (("tests/cloud/test_disputes.py", "test_refund_or_dispute"),),
    "refund address refuses money": (
        (OWNER, "test_refund_address_refuses_money"),
        (CHAIN, MONEY),
    ),
    "chain down or reorg": ((OWNER, "test_chain_down_or_reorg"),),
    "tow or maintenance": ((OWNER, "test_tow_or_maintenance"),),
}
