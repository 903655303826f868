/* SPDX-License-Identifier: MIT
 * Two programs of dialtone's own that no user calls; `dialtone --ask-editor` and `--witness` in its
 * process list. An editor whose configuration is a program is run as it is, in a scratch machine
 * (world/scratch_machine.h) in which every gopls is replaced by a witness. The witness speaks just
 * enough of the protocol to see what the editor gives a server: command, directory, changed
 * variables, initialize, and the answer to workspace/configuration.
 *
 * What is seen is told as JSON, one object a line:
 *   {"witness":N,"start":{"argv":[…],"cwd":"…","env":{"NAME":"value"|null…}}}   env: what the
 *                                     editor changed or took away (null)
 *   {"witness":N,"initialize":{…}}    the params
 *   {"witness":N,"configuration":{"result":…}} or {"error":code}; {"unasked":true} when the client
 *                                     does not announce it; {"silent":true} when it did not answer
 *   {"witness":N,"changed":…}         settings of workspace/didChangeConfiguration
 *   {"end":"settled"|"deadline"|"exited N"|"signal N","output":"…"}   of the editor; its last words
 *   {"refused":"sentence"}            no scratch machine could be made: the editor was not run
 */
#ifndef CMD_WITNESS_H
#define CMD_WITNESS_H

/* argv: dialtone --witness NOTES PROGRAM ARG…; speaks on stdin and stdout. Exit status. */
int witness_main(int argc, char **argv);

/* argv: dialtone --ask-editor HOME WORKSPACE SECONDS pty|plain GOPLS… -- EDITOR ARG… (EDITOR and
 * GOPLS absolute). Tells on stdout. Exit status: 0, or 3 when refused. */
int ask_editor_main(int argc, char **argv);

#endif
