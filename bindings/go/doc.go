// Package conclave is secure group communication: programs form groups, agree on a key to which every member
// contributes, agree again whenever the membership changes, and exchange ordered, encrypted, authenticated messages with
// virtual-synchrony guarantees.
//
// A program loads an [Identity] and the [Trust] list of keys that it accepts, joins a group with [Join], and reads what
// happens from [Group.Next] or [Group.Events]: views, messages, and the end of the membership. [Agreement] is the key
// agreement alone, for programs that move bytes by themselves. [Hub] connects the groups of one machine.
//
// Every type may be used by any number of goroutines at once. Close gives an object's memory and keys back; what is
// forgotten without Close is closed when the collector finds it. Failures are values of type [Error], which errors.Is
// compares with the sentinels of this package: one for each status, such as [ErrQueueFull], and one for each class of
// them, such as [ErrTransport].
//
// The package calls the C library libconclave, found by pkg-config. The library starts no thread; this package runs one
// goroutine for each group, which waits in poll(2) without holding the group.
package conclave
