package main

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

var groups = []scenario{
	{"go-group-range", classic(kgo.RangeBalancer())},
	{"go-group-roundrobin", classic(kgo.RoundRobinBalancer())},
	{"go-group-sticky", classic(kgo.StickyBalancer())},
	{"go-group-cooperative", classic(kgo.CooperativeStickyBalancer())},
	{"go-group-848-range", nextGeneration(kgo.RangeBalancer())},
	{"go-group-848-uniform", nextGeneration(kgo.StickyBalancer())},
	{"go-group-static", static},
	{"go-group-848-static", staticNextGeneration},
	{"go-group-848-regex", regex},
	{"go-group-new-partitions", newPartitions},
}

func short() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 300*time.Millisecond)
}

// A member that is polled by a task of its own.
type member struct {
	client *kgo.Client
	stop   context.CancelFunc
	done   chan struct{}

	lock    sync.Mutex
	share   map[string]map[int32]bool
	records []*kgo.Record
	errors  map[string]bool
}

func join(bootstrap, group string, options ...kgo.Opt) *member {
	m := &member{
		share:  map[string]map[int32]bool{},
		errors: map[string]bool{},
		done:   make(chan struct{}),
	}
	gone := func(_ context.Context, _ *kgo.Client, lost map[string][]int32) { m.change(lost, false) }
	m.client = connect(bootstrap, append([]kgo.Opt{
		kgo.ConsumerGroup(group),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.HeartbeatInterval(500 * time.Millisecond),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, added map[string][]int32) {
			m.change(added, true)
		}),
		kgo.OnPartitionsRevoked(gone),
		kgo.OnPartitionsLost(gone),
	}, options...)...)
	ctx, stop := context.WithCancel(context.Background())
	m.stop = stop
	go m.run(ctx)
	return m
}

func (m *member) change(partitions map[string][]int32, mine bool) {
	m.lock.Lock()
	defer m.lock.Unlock()
	for topic, numbers := range partitions {
		if m.share[topic] == nil {
			m.share[topic] = map[int32]bool{}
		}
		for _, number := range numbers {
			if mine {
				m.share[topic][number] = true
			} else {
				delete(m.share[topic], number)
			}
		}
	}
}

func (m *member) run(ctx context.Context) {
	defer close(m.done)
	for ctx.Err() == nil {
		fetches := m.client.PollFetches(ctx)
		if fetches.IsClientClosed() {
			return
		}
		m.lock.Lock()
		m.records = append(m.records, fetches.Records()...)
		fetches.EachError(func(_ string, _ int32, err error) {
			if ctx.Err() == nil {
				m.errors[outcome(err)] = true
			}
		})
		m.lock.Unlock()
	}
}

func (m *member) leave() {
	m.stop()
	<-m.done
	m.client.Close()
}

// Its partitions, `topic/1 topic/2`, and how many they are.
func (m *member) owns() (string, int) {
	m.lock.Lock()
	defer m.lock.Unlock()
	var places []string
	for topic, numbers := range m.share {
		for number := range numbers {
			places = append(places, fmt.Sprintf("%s/%d", topic, number))
		}
	}
	sort.Strings(places)
	return strings.Join(places, " "), len(places)
}

// Waits until the members' shares have these sizes, in any order, and says them.
func settle(members []*member, sizes ...int) {
	sort.Ints(sizes)
	var shares []string
	waitUntil(fmt.Sprintf("shares of %v", sizes), func() bool {
		shares = nil
		var counts []int
		all := map[string]bool{}
		total := 0
		for _, m := range members {
			share, count := m.owns()
			shares = append(shares, share)
			counts = append(counts, count)
			total += count
			for _, place := range strings.Fields(share) {
				all[place] = true
			}
		}
		sort.Ints(counts)
		return fmt.Sprint(counts) == fmt.Sprint(sizes) && len(all) == total
	})
	sort.Strings(shares)
	for _, share := range shares {
		say("  share %s", share)
	}
}

// Waits for as many records over all members, and says them.
func gather(members []*member, count int) {
	var all []*kgo.Record
	waitUntil(fmt.Sprintf("%d records", count), func() bool {
		for _, m := range members {
			m.lock.Lock()
			all = append(all, m.records...)
			m.records = nil
			m.lock.Unlock()
		}
		return len(all) >= count
	})
	sayRecords(all)
}

func (m *member) commit() {
	ctx, cancel := background()
	defer cancel()
	if err := m.client.CommitUncommittedOffsets(ctx); err != nil {
		say("commit: %s", outcome(err))
	}
}

func (m *member) sayErrors() {
	m.lock.Lock()
	defer m.lock.Unlock()
	var all []string
	for problem := range m.errors {
		all = append(all, problem)
	}
	sort.Strings(all)
	say("errors %v", all)
}

func sayCommitted(bootstrap, group string) {
	client := connect(bootstrap)
	defer client.Close()
	ctx, cancel := background()
	defer cancel()
	offsets, err := kadm.NewClient(client).FetchOffsets(ctx, group)
	say("committed: %s", outcome(err))
	for _, offset := range offsets.Sorted() {
		say("  %s/%d %d %s", offset.Topic, offset.Partition, offset.At, outcome(offset.Err))
	}
}

// What the coordinator tells of a classic group.
func sayClassic(bootstrap, group string) {
	client := connect(bootstrap)
	defer client.Close()
	ctx, cancel := background()
	defer cancel()
	described, err := kadm.NewClient(client).DescribeGroups(ctx, group)
	about := described[group]
	say("group %s: %s %s %s protocol=%s type=%s", group, outcome(err), outcome(about.Err), about.State,
		about.Protocol, about.ProtocolType)
	var lines []string
	for _, one := range about.Members {
		share := kadm.TopicsSet{}
		if consumer, ok := one.Assigned.AsConsumer(); ok {
			for _, topic := range consumer.Topics {
				share.Add(topic.Topic, topic.Partitions...)
			}
		}
		lines = append(lines, fmt.Sprintf("  member %s instance=%s%s", one.ClientID, text(one.InstanceID), places(share)))
	}
	sort.Strings(lines)
	for _, line := range lines {
		say("%s", line)
	}
}

// What the coordinator tells of a group of the next generation.
func sayNextGeneration(bootstrap, group string) {
	client := connect(bootstrap)
	defer client.Close()
	ctx, cancel := background()
	defer cancel()
	described, err := kadm.NewClient(client).DescribeConsumerGroups(ctx, group)
	about := described[group]
	say("group %s: %s %s %s assignor=%s epochs equal: %t", group, outcome(err), outcome(about.Err),
		about.State, about.AssignorName, about.Epoch == about.AssignmentEpoch)
	var lines []string
	for _, one := range about.Members {
		lines = append(lines, fmt.Sprintf("  member%s target%s instance=%s type=%d topics=%v regex=%s at the group's epoch: %t",
			places(one.Assignment), places(one.TargetAssignment), text(one.InstanceID), one.MemberType,
			one.SubscribedTopics, text(one.SubscribedTopicRegex), one.MemberEpoch == about.Epoch))
	}
	sort.Strings(lines)
	for _, line := range lines {
		say("%s", line)
	}
}

func text(value *string) string {
	if value == nil {
		return "null"
	}
	return *value
}

func places(set kadm.TopicsSet) string {
	all := ""
	for _, topic := range set.Sorted() {
		for _, partition := range topic.Partitions {
			all += fmt.Sprintf(" %s/%d", topic.Topic, partition)
		}
	}
	return all
}

// One member, a second that takes its share, the first leaves.
func twoMembers(bootstrap, name string, describe func(bootstrap, group string), options ...kgo.Opt) {
	createTopic(bootstrap, name, 4)
	fill(bootstrap, name, 4, 8, "v")
	options = append(options, kgo.ConsumeTopics(name))
	first := join(bootstrap, name, append(options, kgo.ClientID("first"))...)
	say("one member")
	settle([]*member{first}, 4)
	gather([]*member{first}, 8)
	first.commit()
	sayCommitted(bootstrap, name)
	second := join(bootstrap, name, append(options, kgo.ClientID("second"))...)
	say("two members")
	settle([]*member{first, second}, 2, 2)
	describe(bootstrap, name)
	fill(bootstrap, name, 4, 4, "w")
	gather([]*member{first, second}, 4)
	first.commit()
	second.commit()
	sayCommitted(bootstrap, name)
	say("the first leaves")
	first.leave()
	settle([]*member{second}, 4)
	fill(bootstrap, name, 4, 4, "x")
	gather([]*member{second}, 4)
	second.commit()
	second.sayErrors()
	second.leave()
	describe(bootstrap, name)
	sayCommitted(bootstrap, name)
}

func classic(balancer kgo.GroupBalancer) func(bootstrap, name string) {
	return func(bootstrap, name string) {
		twoMembers(bootstrap, name, sayClassic, kgo.Balancers(balancer))
	}
}

func nextGeneration(balancer kgo.GroupBalancer) func(bootstrap, name string) {
	return func(bootstrap, name string) {
		twoMembers(bootstrap, name, sayNextGeneration, kgo.Balancers(balancer), kgo.ServerSideBalancer())
	}
}

// A static member goes without leaving and comes back; a double fences it.
//
// With KIP-848 this client keeps its instance id on leaving, until the session
// times out: then it does not come back here.
func staticMembers(bootstrap, name string, comesBack bool, describe func(bootstrap, group string), options ...kgo.Opt) {
	createTopic(bootstrap, name, 4)
	options = append(options, kgo.ConsumeTopics(name))
	one := join(bootstrap, name, append(options, kgo.InstanceID("i1"))...)
	settle([]*member{one}, 4)
	two := join(bootstrap, name, append(options, kgo.InstanceID("i2"))...)
	settle([]*member{one, two}, 2, 2)
	describe(bootstrap, name)
	before, _ := two.owns()
	say("the second goes")
	two.leave()
	describe(bootstrap, name)
	if comesBack {
		say("and comes back")
		two = join(bootstrap, name, append(options, kgo.InstanceID("i2"))...)
		settle([]*member{one, two}, 2, 2)
		after, _ := two.owns()
		say("the same share: %t", before == after)
		two.leave()
	}
	one.leave()
	client := connect(bootstrap)
	defer client.Close()
	ctx, cancel := background()
	defer cancel()
	say("removed by the administrator")
	removed, err := kadm.NewClient(client).LeaveGroup(ctx,
		kadm.LeaveGroup(name).InstanceIDs("i1", "i2", "i3"))
	say("%s", outcome(err))
	for _, one := range removed.Sorted() {
		say("  %s %s", one.InstanceID, outcome(one.Err))
	}
	describe(bootstrap, name)
}

func static(bootstrap, name string) {
	staticMembers(bootstrap, name, true, sayClassic, kgo.Balancers(kgo.RangeBalancer()))
}

func staticNextGeneration(bootstrap, name string) {
	staticMembers(bootstrap, name, false, sayNextGeneration,
		kgo.Balancers(kgo.StickyBalancer()), kgo.ServerSideBalancer())
}

// The broker resolves the expression.
func regex(bootstrap, name string) {
	createTopic(bootstrap, name+"-a", 2)
	createTopic(bootstrap, name+"-other", 1)
	one := join(bootstrap, name, kgo.Balancers(kgo.StickyBalancer()), kgo.ServerSideBalancer(),
		kgo.ConsumeRegex(), kgo.ConsumeTopics("^"+name+"-[ab]$"))
	settle([]*member{one}, 2)
	sayNextGeneration(bootstrap, name)
	one.leave()
}

// A topic that grows while a group consumes it.
func newPartitions(bootstrap, name string) {
	createTopic(bootstrap, name, 2)
	one := join(bootstrap, name, kgo.Balancers(kgo.StickyBalancer()), kgo.ServerSideBalancer(),
		kgo.ConsumeTopics(name))
	settle([]*member{one}, 2)
	client := connect(bootstrap)
	defer client.Close()
	ctx, cancel := background()
	defer cancel()
	_, err := kadm.NewClient(client).UpdatePartitions(ctx, 4, name)
	say("more partitions: %s", outcome(err))
	settle([]*member{one}, 4)
	one.leave()
}
