#!/usr/bin/env bash
# Backups of a DC/OS cluster with bash, curl, grep and awk; no jq.
#
#   export DCOS_URL=https://dcos.example.com DCOS_ACS_TOKEN=...  # and DCOS_TLS_CA_PATH, if needed
#   backup.sh create LABEL | list [PREFIX] | show ID | restore ID | delete ID
#   backup.sh create-and-wait LABEL | restore-and-wait ID
#
# Prints what the service answers. The commands that wait exit with 0 only when the backup is
# ready, or the restore done; they look every POLL_INTERVAL seconds, POLL_LIMIT times at most.
set -euo pipefail

readonly BASE_PATH=/system/v1/backup/v1
readonly REQUEST_TIMEOUT=${REQUEST_TIMEOUT:-8} POLL_INTERVAL=${POLL_INTERVAL:-5}
readonly POLL_LIMIT=${POLL_LIMIT:-720} FAILURES_IN_A_ROW_MAX=8

fail() {
  printf 'backup.sh: %s\n' "$1" >&2
  exit 1
}

# --- JSON ---------------------------------------------------------------------------------------

# json_object KEY TEXT: an object with one text in it, whatever characters that has.
json_object() {
  local char escaped='' i
  for ((i = 0; i < ${#2}; i++)); do
    char=${2:i:1}
    case $char in
      [\\\"]) escaped+=\\$char ;;
      [[:cntrl:]]) printf -v char '\\u%04x' "'$char" && escaped+=$char ;;
      *) escaped+=$char ;;
    esac
  done
  printf '{"%s": "%s"}' "$1" "$escaped"
}

# Cuts JSON into tokens, one a line: no JSON text holds a line break as such. Texts stay as they
# were written, in quotes; that ids and statuses are written without escapes is taken for granted.
tokens() { LC_ALL=C grep -oE '"([^"\\]|\\.)*"|[][{}:,]|[^][{}:,"[:space:]]+' || true; }

# backup_in_list ID: of a list, the backup with exactly this id, in one line; or nothing. Fails
# where the input is no whole list.
backup_in_list() {
  tokens | ID="\"$1\"" awk '
    NR == 1 && $0 != "["    { exit bad = 1 }
    $0 == "{" || $0 == "["  { depth++ }
    depth > 1               { text = text $0 }
    depth == 2 && last_two == "\"id\":" && $0 == ENVIRON["ID"] { found = 1 }
    $0 == "}" || $0 == "]"  { if (--depth == 1 && found && !shown++) print text }
    depth == 1              { text = ""; found = 0 }
                            { last_two = last $0; last = $0 }
    END                     { exit bad || depth || !NR }'
}

# Flattens JSON to lines of a path, a tab and a value: "component_status"/"marathon"/"status" ...
flat() {
  tokens | awk '
    function put(  path, i) {
      if (value == "") return
      for (i = 1; i <= depth; i++) path = path (i > 1 ? "/" : "") name[i]
      print path "\t" value
      value = ""
    }
    $0 == "{" || $0 == "["  { name[++depth] = 0; is_list[depth] = $0 == "["; next }
    $0 == ":"               { name[depth] = value; value = ""; next }
    $0 == ","               { put(); if (is_list[depth]) name[depth]++; next }
    $0 == "}" || $0 == "]"  { put(); depth--; next }
                            { value = $0 }'
}

# are_backups: fails where the input is no whole list of backups, each with an id.
are_backups() {
  tokens | awk '
    NR == 1 && $0 != "["              { exit bad = 1 }
    /^[[{]$/ && ++depth == 2          { entries++ }
    depth == 1 && !/^[][,]$/          { bad = 1 }
    depth == 2 && last_two == "\"id\":" && /^"/ { ids++ }
    /^[]}]$/                          { depth-- }
                                      { last_two = last $0; last = $0 }
    END                               { exit bad || depth || !NR || ids != entries }'
}

# texts PATHS: the texts whose path matches, one a line, without their quotes.
texts() {
  flat | PATHS=$1 awk -F '\t' '$1 ~ ENVIRON["PATHS"] { print substr($2, 2, length($2) - 2) }'
}

# --- Requests -----------------------------------------------------------------------------------

# call METHOD PATH [OPTION...]: sends one request, once. Sets $body, and $status: 000 where no
# whole answer came.
call() {
  local method=$1 path=$2 answer
  shift 2
  curl_exit=0
  # The token comes through a pipe: everybody on a machine can read its command lines.
  # --disable: a ~/.curlrc that retries or follows redirects could make a second backup.
  answer=$(curl --disable --silent --show-error --globoff --max-time "$REQUEST_TIMEOUT" \
    ${DCOS_TLS_CA_PATH:+--cacert "$DCOS_TLS_CA_PATH"} \
    --header @<(printf 'Authorization: token=%s\n' "$DCOS_ACS_TOKEN") \
    --header 'Accept: application/json' --request "$method" "$@" \
    --write-out '\n%{http_code}' "${DCOS_URL%/}$BASE_PATH/$path") || curl_exit=$?
  body=${answer%$'\n'*} status=${answer##*$'\n'}
  ((curl_exit == 0)) || status=000
}

# ask METHOD PATH [OPTION...]: the same, and everything but a 200 is the end, as is one with a page
# instead of JSON: that is some proxy's.
ask() {
  call "$@"
  [[ $status == 200 && $body =~ ^[[:space:]]*([[{]|$) ]] || fail "$1 $2: $(problem "$1")"
}

list() { "$1" GET list ${2:+--get --data-urlencode "prefix=$2"}; }  # $1: call or ask
send() { ask "$1" "$2" --header 'Content-Type: application/json' --data-binary "$3"; }

# start PATH OBJECT: starts a backup or restore. Without a backup in the answer nothing is known.
start() {
  send POST "$1" "$2"
  are_backups <<< "[$body]" && [[ $body ]] ||
    fail "$1: the answer names no backup; it may have been started, see the list"
}

# problem METHOD: what was wrong with the last request, in the service's own words if it has any.
problem() {
  local said
  case $status,$curl_exit,$1 in
    000,[5-7],* | 000,35,* | 000,60,*) said='cannot connect' ;;
    000,*,GET) said="no answer" ;;
    000,*) said="no answer; it may have been carried out all the same, see the list" ;;
    *)
      said=$(texts '^"errors"' <<< "$body")
      [[ $said ]] || said=${body:0:200}
      # No JSON, but an HTML page of Admin Router: its title says it all.
      [[ ! $body =~ \<title\>(.*)\</title\> ]] || said=${BASH_REMATCH[1]}
      said="HTTP $status: ${said:-no text}"
      ;;
  esac
  printf '%s' "$said" | tr -s '[:space:]' ' '
}

# --- Waiting ------------------------------------------------------------------------------------

# look ID: sets $backup. Fails where another look may do better; Admin Router's 502 says nothing
# about the backup.
look() {
  list call "$1"
  case $status in
    200) ;;
    000 | 5??) return 1 ;;
    *) fail "list: $(problem GET)" ;;
  esac
  backup=$(backup_in_list "$1" <<< "$body") || return 1
  [[ $backup ]] || fail "there is no backup $1"
}

# judge PATHS: sets $stage to ready, failed, running or none, by every status of $backup whose path
# matches. A status that nobody documented counts as running.
judge() {
  local path value
  stage=none
  while IFS=$'\t' read -r path value; do
    [[ $path =~ $1 ]] || continue
    case $value in
      '"STATUS_ERROR"') stage=failed && return ;;
      '"STATUS_READY"') [[ $stage == running ]] || stage=ready ;;
      *) stage=running ;;
    esac
  done < <(flat <<< "$backup")
}

# The whole may claim to be ready while a component is at work, so both must say so.
judge_backup() { judge '^("component_status"/"[^/]*"/)?"status"$'; }

# A backup shows its newest restore only, and nothing that tells it from the one before. So it
# counts once it differs from what was there before, or has been seen running since.
judge_restore() {
  judge '^"restores"/"component_status"/"[^/]*"/"status"$'
  [[ $stage != running && $(restores) == "$restores_before" ]] || is_new=yes
  [[ $is_new ]] || stage=none
}

restores() { flat <<< "$backup" | grep '^"restores"/' || true; }

# wait_for JUDGE ID
wait_for() {
  local failures=0 polls
  for ((polls = 0; polls < POLL_LIMIT; polls++)); do
    if look "$2"; then
      failures=0
      "$1"
      case $stage in
        ready) body=$backup && return ;;
        failed) fail "$2 failed: $backup" ;;
      esac
    elif ((++failures > FAILURES_IN_A_ROW_MAX)); then
      fail "$(problem GET); what became of $2 is not known"
    fi
    sleep "$POLL_INTERVAL"
  done
  fail "$2 is not over after $POLL_LIMIT looks; it may go on"
}

create_and_wait() {
  local id
  start create "$(json_object label "$1")"
  id=$(texts '^"id"$' <<< "$body")
  wait_for judge_backup "$id"
}

restore_and_wait() {
  look "$1" || fail "list: $(problem GET)"
  restores_before=$(restores) is_new=''
  start restore "$(json_object id "$1")"
  backup=$body
  judge_restore  # a short one may be running here, and be over at the first look
  wait_for judge_restore "$1"
}

# ------------------------------------------------------------------------------------------------

show() {
  local found
  list ask "$1"
  found=$(backup_in_list "$1" <<< "$body") || fail 'list: the answer is no list of backups'
  [[ $found ]] || fail "there is no backup $1"
  body=$found
}

: "${DCOS_URL:?is not set}" "${DCOS_ACS_TOKEN:?is not set}"
case ${1-},$# in
  create,2) start create "$(json_object label "$2")" ;;
  list,[12])
    list ask "${2-}"
    are_backups <<< "$body" || fail 'list: the answer is no list of backups'
    ;;
  show,2) show "$2" ;;
  restore,2) start restore "$(json_object id "$2")" ;;
  delete,2) send DELETE delete "$(json_object id "$2")" ;;
  create-and-wait,2) create_and_wait "$2" ;;
  restore-and-wait,2) restore_and_wait "$2" ;;
  *) fail 'usage: backup.sh create|list|show|restore|delete|create-and-wait|restore-and-wait ...' ;;
esac
[[ ! $body ]] || printf '%s\n' "$body"
