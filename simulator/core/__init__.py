"""What a cluster is and does, as a pure state machine.

Theory of operation
===================

A *cluster* holds backups, the apps of Marathon, and at most one running *operation*. It is asked
by *commands* and answers with *replies*; what happens in it comes out as *events*. It never looks
at a clock, a file, a socket or a random number: time comes in as ``now``, chance as ``Chance``.

**What exists.** A *backup* has a status, one status per *component* (only ``marathon`` in real
clusters) and the *restores* that were made of it; a restore is built like a backup and lives
inside it. Both are values: a change makes a new value and leaves the old one to whoever holds it.

**What changes a status.** Only the table in ``statuses.py``. Two signals come from commands
(``begin backup``, ``begin restore``), two from the script (``succeed``, ``fail``), two are
permissions that a command asks for (``restore``, ``delete``).

**What drives an operation.** A *script*: stages for each component, drawn when the operation
starts, so that every choice and every length is known from then on. A stage ends

* after its time: ``next_deadline()`` says when, ``advance_to(now)`` makes it happen;
* after a number of lists that showed it: the list that is the last still shows it;
* when its name is released, also if that was done before the stage was reached;
* never.

The status of the whole derives from the components: it runs while any component runs, then is in
error if any is. The operation ends when none runs any more.

**What an operation does to Marathon.** Marathon does not answer from the start of an operation to
its end. A create takes a snapshot of the apps when it starts; a restore that ends in READY brings
that snapshot back, so that apps made since are gone and apps deleted since are there again. A
restore that ends in ERROR leaves the apps alone.

**What wins on conflict.** Time before commands: everything due at ``now`` has happened before a
command sees the cluster. Among stages due at one instant, the order of the components. Among
script rules, the first that matches. Among refusals: a malformed argument, then an unknown backup,
then a status that forbids it, then a cluster that is busy. A refused command changes nothing.

**Who may be wrong.** A client: its command is *refused*, with sentences for the client. A scenario:
``scripts.stage_problems`` and ``dead_rules`` say so before anything runs. This package: ``assert``.
"""
