"""What `berth-edge init` writes."""

TEMPLATE = """\
# Settings of one Berth gateway. `berth-edge check-config` says what is wrong with them.

gateway: {gateway}   # its name; the cloud and the topics know it by this
data: .   # folder for the signing key and the outbox, from this file's folder
broker: {broker}   # mqtt://host:1883 or mqtt://user:password@host:1883

ledger:   # where its signatures count; elsewhere they mean nothing
  chain_id: {chain_id}
  address: "{ledger}"

# spaces: [S1, S2]   # only these; without it, all that the readings name

# timing:
#   heartbeat_s: 10         # status messages, 1 to 3600
#   keepalive_s: 30         # MQTT keepalive, 5 to 3600
#   plate_wait_s: 5         # how long an arrival waits for its plate, 0 to 60
#   plate_before_s: 15      # plate reads this long before an arrival count, 0 to 300
#   seen_every_s: 30        # how often what was seen is written, 1 to 600
#   boot_known_s: 60        # a space still unknown then is reported as unknown, 5 to 3600
#   ack_timeout_s: 2        # without the cloud's acknowledgement, send again, 0.1 to 60
#   ack_timeout_max_s: 30   # doubled at each try up to this, 1 to 3600
#   drain_s: 30             # at the end of the readings, wait so long for it, 0 to 3600

# limits:
#   window_events: 20           # sent and not yet acknowledged, 1 to 200
#   keep_acked_events: 10000    # kept for the cloud to ask for again, 0 to 1000000
#   inbox_items: 1000           # read ahead, 10 to 100000
"""
