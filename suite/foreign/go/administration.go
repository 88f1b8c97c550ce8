package main

import (
	"fmt"
	"sort"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"
)

var administration = []scenario{
	{"go-topics", topics},
	{"go-configs", configs},
	{"go-offsets", offsets},
	{"go-group-offsets", groupOffsets},
	{"go-quotas", quotas},
	{"go-epochs", epochs},
	{"go-api-versions", apiVersions},
}

func withAdmin(bootstrap string) (*kadm.Client, func()) {
	client := connect(bootstrap)
	return kadm.NewClient(client), client.Close
}

func topics(bootstrap, name string) {
	admin, done := withAdmin(bootstrap)
	defer done()
	ctx, cancel := background()
	defer cancel()
	retention := "60000"
	created, err := admin.CreateTopics(ctx, 3, 1, map[string]*string{"retention.ms": &retention},
		name+"-a", name+"-b", "bad name")
	say("create: %s", outcome(err))
	for _, one := range byName(created.Sorted()) {
		say("  %s %s partitions=%d replicas=%d retention=%s", one.Topic, outcome(one.Err),
			one.NumPartitions, one.ReplicationFactor, text(one.Configs["retention.ms"].Value))
	}
	created, err = admin.CreateTopics(ctx, -1, -1, nil, name+"-defaults", name+"-a")
	say("defaults: %s", outcome(err))
	for _, one := range byName(created.Sorted()) {
		say("  %s %s partitions=%d replicas=%d", one.Topic, outcome(one.Err), one.NumPartitions,
			one.ReplicationFactor)
	}
	created, err = admin.ValidateCreateTopics(ctx, 0, 1, nil, name+"-none")
	say("no partitions: %s %s", outcome(err), outcome(created[name+"-none"].Err))
	waitUntil("the topics", func() bool {
		listed, err := admin.ListTopics(ctx, name+"-a", name+"-b", name+"-defaults")
		return err == nil && listed.Error() == nil
	})
	listed, err := admin.ListTopics(ctx, name+"-a", name+"-b", name+"-missing")
	say("list: %s", outcome(err))
	for _, topic := range listed.Sorted() {
		say("  %s %s internal=%t", topic.Topic, outcome(topic.Err), topic.IsInternal)
		for _, partition := range topic.Partitions.Sorted() {
			say("    %d leader=%d epoch=%d replicas=%v isr=%v offline=%v", partition.Partition,
				partition.Leader, partition.LeaderEpoch, partition.Replicas, partition.ISR,
				partition.OfflineReplicas)
		}
	}
	grown, err := admin.CreatePartitions(ctx, 2, name+"-a", name+"-missing")
	say("two more partitions: %s", outcome(err))
	for _, one := range grown.Sorted() {
		say("  %s %s", one.Topic, outcome(one.Err))
	}
	set := topicSet(name+"-b", 0, 9)
	elected, err := admin.ElectLeaders(ctx, kadm.ElectPreferredReplica, set)
	say("elect: %s", outcome(err))
	for _, topic := range []string{name + "-b"} {
		for _, partition := range []int32{0, 9} {
			say("  %d %s", partition, outcome(elected[topic][partition].Err))
		}
	}
	deleted, err := admin.DeleteTopics(ctx, name+"-a", name+"-b", name+"-defaults", name+"-missing")
	say("delete: %s", outcome(err))
	for _, one := range byDeleted(deleted.Sorted()) {
		say("  %s %s", one.Topic, outcome(one.Err))
	}
}

func byName(all []kadm.CreateTopicResponse) []kadm.CreateTopicResponse {
	sort.Slice(all, func(i, j int) bool { return all[i].Topic < all[j].Topic })
	return all
}

func byDeleted(all []kadm.DeleteTopicResponse) []kadm.DeleteTopicResponse {
	sort.Slice(all, func(i, j int) bool { return all[i].Topic < all[j].Topic })
	return all
}

func configs(bootstrap, name string) {
	admin, done := withAdmin(bootstrap)
	defer done()
	ctx, cancel := background()
	defer cancel()
	createTopic(bootstrap, name, 1, "cleanup.policy", "compact,delete")
	own := func() string {
		described, err := admin.DescribeTopicConfigs(ctx, name)
		if err != nil {
			return outcome(err)
		}
		one, err := described.On(name, nil)
		if err != nil || one.Err != nil {
			return outcome(err) + outcome(one.Err)
		}
		shown := ""
		for _, config := range one.Configs {
			if config.Source == kmsg.ConfigSourceDynamicTopicConfig {
				shown += fmt.Sprintf(" %s=%s", config.Key, text(config.Value))
				for _, synonym := range config.Synonyms {
					shown += fmt.Sprintf(" (%s=%s %s)", synonym.Key, text(synonym.Value), synonym.Source)
				}
			}
		}
		return shown
	}
	say("own:%s", own())
	alter := func(what string, operation kadm.IncrementalOp, key, value string) {
		change := kadm.AlterConfig{Op: operation, Name: key, Value: &value}
		if operation == kadm.DeleteConfig {
			change.Value = nil
		}
		answers, err := admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{change}, name)
		say("%s %s=%s: %s", what, key, value, outcome(err))
		for _, answer := range answers {
			say("  %s %s", answer.Name, outcome(answer.Err))
		}
	}
	alter("set", kadm.SetConfig, "max.message.bytes", "5000")
	alter("set", kadm.SetConfig, "max.message.bytes", "-5")
	alter("subtract", kadm.SubtractConfig, "cleanup.policy", "compact")
	waitUntil("the changes", func() bool {
		shown := own()
		return strings.Contains(shown, "5000") && !strings.Contains(shown, "compact")
	})
	say("own:%s", own())
	alter("delete", kadm.DeleteConfig, "max.message.bytes", "")
	waitUntil("the change", func() bool { return !strings.Contains(own(), "5000") })
	say("own:%s", own())
	listed, err := admin.ListConfigResources(ctx, kadm.ConfigResourceType(kmsg.ConfigResourceTypeTopic))
	found := false
	for _, resource := range listed.Resources {
		found = found || resource.Name == name
	}
	say("list resources: %s, there: %t", outcome(err), found)
}

func offsets(bootstrap, name string) {
	admin, done := withAdmin(bootstrap)
	defer done()
	ctx, cancel := background()
	defer cancel()
	createTopic(bootstrap, name, 2)
	fill(bootstrap, name, 2, 10, "v")
	every := func() {
		for _, kind := range []struct {
			name string
			list func() (kadm.ListedOffsets, error)
		}{
			{"start", func() (kadm.ListedOffsets, error) { return admin.ListStartOffsets(ctx, name) }},
			{"end", func() (kadm.ListedOffsets, error) { return admin.ListEndOffsets(ctx, name) }},
			{"stable", func() (kadm.ListedOffsets, error) { return admin.ListCommittedOffsets(ctx, name) }},
			{"max timestamp", func() (kadm.ListedOffsets, error) { return admin.ListMaxTimestampOffsets(ctx, name) }},
			{"local start", func() (kadm.ListedOffsets, error) { return admin.ListLocalLogStartOffsets(ctx, name) }},
			{"remote end", func() (kadm.ListedOffsets, error) { return admin.ListLatestRemoteOffsets(ctx, name) }},
			{"by time", func() (kadm.ListedOffsets, error) {
				return admin.ListOffsetsAfterMilli(ctx, 1_700_000_000_005, name)
			}},
		} {
			listed, err := kind.list()
			say("%s: %s", kind.name, outcome(err))
			for partition := range int32(2) {
				one, _ := listed.Lookup(name, partition)
				say("  %d %d stamp=%d epoch=%d %s", partition, one.Offset, one.Timestamp,
					one.LeaderEpoch, outcome(one.Err))
			}
		}
	}
	every()
	upto := kadm.Offsets{}
	upto.AddOffset(name, 0, 3, -1)
	upto.AddOffset(name, 1, 77, -1)
	upto.AddOffset(name, 7, 1, -1)
	deleted, err := admin.DeleteRecords(ctx, upto)
	say("delete records: %s", outcome(err))
	for _, one := range deleted.Sorted() {
		say("  %d %s low=%d", one.Partition, outcome(one.Err), one.LowWatermark)
	}
	every()
	uncommitted(bootstrap, name, 1)
}

func groupOffsets(bootstrap, name string) {
	admin, done := withAdmin(bootstrap)
	defer done()
	ctx, cancel := background()
	defer cancel()
	createTopic(bootstrap, name, 2)
	fill(bootstrap, name, 2, 10, "v")
	wanted := kadm.Offsets{}
	wanted.Add(kadm.Offset{Topic: name, Partition: 0, At: 2, LeaderEpoch: -1, Metadata: "noted"})
	wanted.Add(kadm.Offset{Topic: name, Partition: 1, At: 99, LeaderEpoch: 0})
	wanted.Add(kadm.Offset{Topic: name, Partition: 5, At: 1, LeaderEpoch: -1})
	wanted.Add(kadm.Offset{Topic: name + "-missing", Partition: 0, At: 1, LeaderEpoch: -1})
	wanted.Add(kadm.Offset{Topic: name, Partition: 0, At: 2, LeaderEpoch: -1, Metadata: "noted"})
	answers, err := admin.CommitOffsets(ctx, name, wanted)
	say("commit: %s", outcome(err))
	for _, one := range answers.Sorted() {
		say("  %s/%d %s", one.Topic, one.Partition, outcome(one.Err))
	}
	long := kadm.Offsets{}
	long.Add(kadm.Offset{Topic: name, Partition: 0, At: 3, LeaderEpoch: -1, Metadata: strings.Repeat("x", 5000)})
	answers, err = admin.CommitOffsets(ctx, name, long)
	say("metadata too long: %s", outcome(err))
	for _, one := range answers.Sorted() {
		say("  %s/%d %s", one.Topic, one.Partition, outcome(one.Err))
	}
	fetch := func() {
		known, err := admin.FetchOffsets(ctx, name)
		say("fetch: %s", outcome(err))
		for _, one := range known.Sorted() {
			say("  %s/%d %d epoch=%d metadata=%s %s", one.Topic, one.Partition, one.At,
				one.LeaderEpoch, one.Metadata, outcome(one.Err))
		}
	}
	fetch()
	lags, err := admin.Lag(ctx, name)
	say("lag: %s", outcome(err))
	for _, lag := range lags[name].Lag.Sorted() {
		say("  %s/%d start=%d end=%d lag=%d %s", lag.Topic, lag.Partition, lag.Start.Offset,
			lag.End.Offset, lag.Lag, outcome(lag.Err))
	}
	listed, err := admin.ListGroups(ctx)
	say("list: %s %s type=%s", outcome(err), listed[name].State, listed[name].ProtocolType)
	listed, err = admin.ListGroups(ctx, "Stable")
	_, known := listed[name]
	say("list stable ones: %s, there: %t", outcome(err), known)
	removed, err := admin.DeleteOffsets(ctx, name, topicSet(name, 1, 5))
	say("delete offsets: %s", outcome(err))
	for _, partition := range []int32{1, 5} {
		problem, _ := removed.Lookup(name, partition)
		say("  %d %s", partition, outcome(problem))
	}
	fetch()
	gone, err := admin.DeleteGroups(ctx, name, name+"-missing")
	say("delete groups: %s", outcome(err))
	for _, one := range gone.Sorted() {
		say("  %s %s", one.Group, outcome(one.Err))
	}
	fetch()
}

func quotas(bootstrap, name string) {
	admin, done := withAdmin(bootstrap)
	defer done()
	ctx, cancel := background()
	defer cancel()
	user := name
	entity := kadm.ClientQuotaEntity{{Type: "user", Name: &user}}
	alter := func(what string, operations ...kadm.AlterClientQuotaOp) {
		answers, err := admin.AlterClientQuotas(ctx, []kadm.AlterClientQuotaEntry{{Entity: entity, Ops: operations}})
		say("%s: %s", what, outcome(err))
		for _, one := range answers {
			say("  %s %s", one.Entity, outcome(one.Err))
		}
	}
	describe := func() string {
		described, err := admin.DescribeClientQuotas(ctx, true,
			[]kadm.DescribeClientQuotaComponent{{Type: "user", MatchName: &user}})
		shown := outcome(err)
		for _, one := range described {
			sort.Slice(one.Values, func(i, j int) bool { return one.Values[i].Key < one.Values[j].Key })
			for _, value := range one.Values {
				shown += fmt.Sprintf(" %s=%v", value.Key, value.Value)
			}
		}
		return shown
	}
	say("before: %s", describe())
	alter("set", kadm.AlterClientQuotaOp{Key: "producer_byte_rate", Value: 100000},
		kadm.AlterClientQuotaOp{Key: "consumer_byte_rate", Value: 200000})
	alter("no such quota", kadm.AlterClientQuotaOp{Key: "no_such", Value: 1})
	waitUntil("the quotas", func() bool { return describe() != "ok" })
	say("then: %s", describe())
	alter("remove", kadm.AlterClientQuotaOp{Key: "producer_byte_rate", Remove: true})
	waitUntil("one quota", func() bool { return !strings.Contains(describe(), "producer") })
	say("then: %s", describe())
	alter("remove", kadm.AlterClientQuotaOp{Key: "consumer_byte_rate", Remove: true})
	waitUntil("none", func() bool { return describe() == "ok" })
}

// Where an epoch ends, as a consumer asks after a leader has changed.
func epochs(bootstrap, name string) {
	admin, done := withAdmin(bootstrap)
	defer done()
	ctx, cancel := background()
	defer cancel()
	createTopic(bootstrap, name, 1)
	fill(bootstrap, name, 1, 4, "v")
	for _, epoch := range []int32{0, 5} {
		request := kadm.OffsetForLeaderEpochRequest{}
		request.Add(name, 0, epoch)
		answers, err := admin.OffsetForLeaderEpoch(ctx, request)
		one := answers[name][0]
		say("epoch %d: %s %s epoch=%d end=%d", epoch, outcome(err), outcome(one.Err),
			one.LeaderEpoch, one.EndOffset)
	}
	dirs, err := admin.DescribeAllLogDirs(ctx, topicSet(name))
	say("log directories: %s", outcome(err))
	dirs.Each(func(dir kadm.DescribedLogDir) {
		dir.Topics.Each(func(one kadm.DescribedLogDirPartition) {
			say("  broker=%d %s/%d future=%t lag=%d holds bytes: %t", dir.Broker, one.Topic, one.Partition,
				one.IsFuture, one.OffsetLag, one.Size > 0)
		})
	})
	moves, err := admin.ListPartitionReassignments(ctx, topicSet(name))
	say("moves: %s %d", outcome(err), len(moves.Sorted()))
	var assign kadm.AlterPartitionAssignmentsReq
	assign.Assign(name, 0, []int32{77})
	answers, err := admin.AlterPartitionAssignments(ctx, assign)
	say("move to an unknown broker: %s", outcome(err))
	for _, one := range answers.Sorted() {
		say("  %d %s", one.Partition, outcome(one.Err))
	}
}

// Every API that clients may use, in the versions that are served.
func apiVersions(bootstrap, name string) {
	client := connect(bootstrap)
	defer client.Close()
	ctx, cancel := background()
	defer cancel()
	request := kmsg.NewPtrApiVersionsRequest()
	request.Version = 4
	request.ClientSoftwareName = "foreign"
	request.ClientSoftwareVersion = "1"
	answer, err := request.RequestWith(ctx, client)
	if err != nil {
		say("versions: %s", outcome(err))
		return
	}
	sort.Slice(answer.ApiKeys, func(i, j int) bool { return answer.ApiKeys[i].ApiKey < answer.ApiKeys[j].ApiKey })
	for _, key := range answer.ApiKeys {
		say("  %d %s %d-%d", key.ApiKey, kmsg.NameForKey(key.ApiKey), key.MinVersion, key.MaxVersion)
	}
	sort.Slice(answer.FinalizedFeatures, func(i, j int) bool {
		return answer.FinalizedFeatures[i].Name < answer.FinalizedFeatures[j].Name
	})
	for _, feature := range answer.FinalizedFeatures {
		say("  %s %d-%d", feature.Name, feature.MinVersionLevel, feature.MaxVersionLevel)
	}
}
