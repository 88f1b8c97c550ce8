package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

var transactions = []scenario{
	{"go-transactions", commitAndAbort},
	{"go-transaction-fenced", fenced},
	{"go-transaction-states", states},
	{"go-transact-session", session},
	{"go-transact-session-848", session848},
	{"go-transaction-markers", markers},
}

func transactional(bootstrap, identity string, options ...kgo.Opt) *kgo.Client {
	return connect(bootstrap, append(options, kgo.TransactionalID(identity))...)
}

func begin(client *kgo.Client) {
	if err := client.BeginTransaction(); err != nil {
		say("begin: %s", outcome(err))
	}
}

func end(what string, client *kgo.Client, commit kgo.TransactionEndTry) {
	ctx, cancel := background()
	defer cancel()
	say("%s: %s", what, outcome(client.EndTransaction(ctx, commit)))
}

func commitAndAbort(bootstrap, name string) {
	createTopic(bootstrap, name, 2)
	client := transactional(bootstrap, name)
	defer client.Close()
	begin(client)
	produceSync(client, name, 2, 4, "a")
	end("commit", client, kgo.TryCommit)
	begin(client)
	produceSync(client, name, 2, 2, "b")
	end("abort", client, kgo.TryAbort)
	begin(client)
	end("commit of nothing", client, kgo.TryCommit)
	begin(client)
	produceSync(client, name, 1, 2, "c")
	say("open")
	uncommitted(bootstrap, name, 2)
	committed(bootstrap, name, 2)
	end("commit", client, kgo.TryCommit)
	uncommitted(bootstrap, name, 2)
	committed(bootstrap, name, 2)
}

func fenced(bootstrap, name string) {
	createTopic(bootstrap, name, 1)
	first := transactional(bootstrap, name)
	defer first.Close()
	begin(first)
	produceSync(first, name, 1, 1, "first")
	say("a second instance")
	second := transactional(bootstrap, name)
	defer second.Close()
	begin(second)
	produceSync(second, name, 1, 1, "second")
	say("the first goes on")
	produceSync(first, name, 1, 1, "late")
	end("the first's commit", first, kgo.TryCommit)
	end("the second's commit", second, kgo.TryCommit)
	uncommitted(bootstrap, name, 1)
	committed(bootstrap, name, 1)
}

// What the coordinator and the leader tell of a transaction.
func states(bootstrap, name string) {
	createTopic(bootstrap, name, 1)
	client := transactional(bootstrap, name, kgo.TransactionTimeout(30*time.Second))
	defer client.Close()
	admin := kadm.NewClient(client)
	sayTransaction := func() {
		ctx, cancel := background()
		defer cancel()
		described, err := admin.DescribeTransactions(ctx, name)
		about := described[name]
		say("  describe: %s %s %s timeout=%d epoch=%d%s", outcome(err), outcome(about.Err),
			about.State, about.TimeoutMillis, about.ProducerEpoch, places(about.Topics))
		listed, err := admin.ListTransactions(ctx, []int64{about.ProducerID}, nil)
		one, known := listed[name]
		say("  list: %s %t %s", outcome(err), known, one.State)
		producers, err := admin.DescribeProducers(ctx, topicSet(name))
		say("  producers: %s", outcome(err))
		for _, partition := range producers[name].Partitions.Sorted() {
			for _, producer := range partition.ActiveProducers.Sorted() {
				say("    %d epoch=%d sequence=%d coordinator=%d start=%d", partition.Partition,
					producer.ProducerEpoch, producer.LastSequence, producer.CoordinatorEpoch,
					producer.CurrentTxnStartOffset)
			}
		}
	}
	say("before")
	sayTransaction()
	begin(client)
	produceSync(client, name, 1, 3, "v")
	say("open")
	sayTransaction()
	end("commit", client, kgo.TryCommit)
	completed(admin, name)
	sayTransaction()
	begin(client)
	produceSync(client, name, 1, 1, "w")
	end("abort", client, kgo.TryAbort)
	completed(admin, name)
	sayTransaction()
}

// The coordinator answers before the markers are written everywhere.
func completed(admin *kadm.Client, identity string) {
	waitUntil("the end of the transaction", func() bool {
		ctx, cancel := background()
		defer cancel()
		described, err := admin.DescribeTransactions(ctx, identity)
		state := described[identity].State
		return err == nil && (state == "CompleteCommit" || state == "CompleteAbort")
	})
}

func topicSet(topic string, partitions ...int32) kadm.TopicsSet {
	set := kadm.TopicsSet{}
	if len(partitions) == 0 {
		partitions = []int32{0}
	}
	set.Add(topic, partitions...)
	return set
}

func session(bootstrap, name string) {
	transactSession(bootstrap, name, kgo.Balancers(kgo.CooperativeStickyBalancer()))
}

func session848(bootstrap, name string) {
	transactSession(bootstrap, name, kgo.Balancers(kgo.StickyBalancer()), kgo.ServerSideBalancer())
}

// Read, process, write, exactly once: the third of four turns is aborted and
// done again.
func transactSession(bootstrap, name string, options ...kgo.Opt) {
	source, target := name+"-source", name+"-target"
	createTopic(bootstrap, source, 1)
	createTopic(bootstrap, target, 1)
	fill(bootstrap, source, 1, 8, "v")
	session, err := kgo.NewGroupTransactSession(append([]kgo.Opt{
		kgo.SeedBrokers(bootstrap),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.TransactionalID(name),
		kgo.ConsumerGroup(name),
		kgo.ConsumeTopics(source),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.RequireStableFetchOffsets(),
	}, options...)...)
	if err != nil {
		say("session: %s", outcome(err))
		return
	}
	ctx, cancel := background()
	defer cancel()
	aborted := false
	// More turns than are needed: a broker that refuses them all is told, not retried.
	for turn, done := 0, 0; turn < 20 && done < 8; turn++ {
		fetches := session.PollRecords(ctx, 2)
		if ctx.Err() != nil {
			say("waited in vain for records")
			break
		}
		records := fetches.Records()
		if err := session.Begin(); err != nil {
			say("begin: %s", outcome(err))
		}
		for _, record := range records {
			copied := &kgo.Record{Topic: target, Value: fmt.Appendf(nil, "copy of %s", record.Value)}
			if err := session.ProduceSync(ctx, copied).FirstErr(); err != nil {
				say("  produce: %s", outcome(err))
			}
			say("  %s to %d", told(record), copied.Offset)
		}
		ending := kgo.TryCommit
		if done == 4 && !aborted {
			ending, aborted = kgo.TryAbort, true
		}
		committed, err := session.End(ctx, ending)
		say("ended: %s, committed: %t", outcome(err), committed)
		if committed {
			done += len(records)
		}
	}
	session.Close()
	sayCommitted(bootstrap, name)
	uncommitted(bootstrap, target, 1)
	committed(bootstrap, target, 1)
}

// An administrator ends a transaction that hangs by a marker.
func markers(bootstrap, name string) {
	createTopic(bootstrap, name, 1)
	client := transactional(bootstrap, name)
	defer client.Close()
	begin(client)
	produceSync(client, name, 1, 2, "v")
	admin := kadm.NewClient(client)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	producers, err := admin.DescribeProducers(ctx, topicSet(name))
	if err != nil {
		say("producers: %s", outcome(err))
		return
	}
	for _, producer := range producers[name].Partitions[0].ActiveProducers.Sorted() {
		answer, err := admin.WriteTxnMarkers(ctx, kadm.TxnMarkers{
			ProducerID:       producer.ProducerID,
			ProducerEpoch:    producer.ProducerEpoch,
			CoordinatorEpoch: producer.CoordinatorEpoch,
			Topics:           topicSet(name),
		})
		say("marker: %s", outcome(err))
		for _, one := range answer.Sorted() {
			for _, topic := range one.Topics.Sorted() {
				for _, partition := range topic.Partitions.Sorted() {
					say("  %s/%d %s", topic.Topic, partition.Partition, outcome(partition.Err))
				}
			}
		}
	}
	uncommitted(bootstrap, name, 1)
	committed(bootstrap, name, 1)
}
