// Package io is everything that a task waits for besides the network, in blocking style:
// streams, pipes, terminals, files and processes. It has every name of the standard
// package io, so that a program is ported by changing the import path, the names of
// package os for files, and those of os/exec for programs.
//
//	in, err := io.Open("access.log")
//	if err != nil {
//		return err
//	}
//	defer in.Close()
//	for line, err := range io.NewStreamReader(in).Lines() {
//		if err != nil {
//			return err
//		}
//		count[string(line)]++ // the other tasks run while the disk is read
//	}
//
// What reads from and writes to somebody else's Reader and Writer, as [Copy] and
// [ReadAll] do, is a checkpoint where their Read and Write are, and not otherwise.
//
// # Streams
//
// A [Stream] puts lines, delimiters, expressions and messages over anything that reads
// and writes; [StreamReader] and [StreamWriter] are its halves. Reads have a limit, and a
// call that is cancelled or that finds its limit leaves what it had read for the next.
// What is written is accepted at once up to the high water mark and written by a task of
// the stream's. An error of that comes out of the next call that writes, flushes or
// closes, so flush before you wait for an answer. A stream belongs to the tasks of its
// loop; a call from elsewhere panics.
//
// # Pipes and descriptors
//
// [Pipe] is a pipe in memory, for tasks of one loop and whoever else has an end. A
// [Descriptor] is what the system can wait for: an [OSPipe], a named pipe ([OpenFifo]),
// whatever [FromFile] or [NewDescriptor] is given. Regular files are always ready and go
// by [Open]. Both may be used from any goroutine: a call from elsewhere is carried to the
// loop. Copies between pipes and connections of package net stay inside the system on
// Linux.
//
// # Standard input, and terminals
//
// [Stdin], [Stdout] and [Stderr] may be used in every loop and on plain goroutines, and
// leave the open files that they share with other processes as they were. A [TTY] is a
// terminal: Prompt, Password, Raw, WinSize, Resizes. Its mode is put back in any case, be
// it that the task is killed, the program panics or a signal ends it.
//
// # Files
//
// [Open], [ReadFile], [Stat] and the rest are those of package os; the task waits and the
// others go on. Small reads and writes of a [File] go through a bufio or a stream.
// [WriteFileAtomic] replaces a file as a whole. A call that changes something is waited
// for when its task is cancelled. Pipes and terminals are better opened as such: through
// Open they hold a place of the file pool (see runtime.WithFileLimit).
//
// # Programs
//
// [Command] and [Cmd] are os/exec for tasks. [Cmd.Run] owns its program: whatever ends
// the call ends the program. Put a limit around it with timeout.Run, and set Cmd.Group to
// include what it starts. Nothing that a program or those whom it has started do with
// their pipes can stop the tasks that talk to it.
package io
