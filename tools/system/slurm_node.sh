#!/usr/bin/env bash
# A SLURM cluster of one node on this machine's loopback, for tests: slurm_node.sh start | stop
# Installs Debian's packages if need be. Needs root. The node claims 16 processors, 64 GB and a GPU, whatever there is:
# it is there to try what the workflow asks of SLURM, not to be fast. A job that outgrows its memory is killed.
set -euo pipefail

STATE=/var/lib/kinesynth-slurm
CONFIGURATION=/etc/slurm/slurm.conf
MARK="# one-node test cluster of kinesynth"

require_root() {
	[ "$(id -u)" = 0 ] || { echo "slurm_node: root is needed to install and start SLURM" >&2; exit 2; }
}

install_packages() {
	command -v slurmctld slurmd munged sbatch >/dev/null && return
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurmctld slurmd slurm-client munge
}

# The jobs read /etc/slurm/slurm.conf themselves: a path in the environment does not reach them.
write_configuration() {
	if [ -e "$CONFIGURATION" ] && ! grep -qF "$MARK" "$CONFIGURATION"; then
		echo "slurm_node: $CONFIGURATION belongs to another cluster; not touched" >&2
		exit 2
	fi
	local host
	host=$(hostname -s)
	mkdir -p "$STATE/ctld" "$STATE/d" /etc/slurm
	cat >"$CONFIGURATION" <<-CONF
		$MARK
		ClusterName=kinesynth
		SlurmctldHost=$host(127.0.0.1)
		SlurmUser=root
		AuthType=auth/munge
		StateSaveLocation=$STATE/ctld
		SlurmdSpoolDir=$STATE/d
		SlurmctldPidFile=$STATE/slurmctld.pid
		SlurmdPidFile=$STATE/slurmd.pid
		SlurmctldLogFile=$STATE/slurmctld.log
		SlurmdLogFile=$STATE/slurmd.log
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		AccountingStorageType=accounting_storage/none
		JobAcctGatherType=jobacct_gather/linux
		JobAcctGatherFrequency=2
		JobAcctGatherParams=OverMemoryKill
		SelectType=select/cons_tres
		SelectTypeParameters=CR_Core_Memory
		SlurmdParameters=config_overrides
		GresTypes=gpu
		MinJobAge=3600
		SchedulerParameters=sched_interval=5
		NodeName=$host NodeAddr=127.0.0.1 CPUs=16 RealMemory=64000 Gres=gpu:1 State=UNKNOWN
		PartitionName=test Nodes=$host Default=YES MaxTime=INFINITE State=UP
	CONF
	echo "NodeName=$host Name=gpu File=/dev/null" >/etc/slurm/gres.conf
}

start() {
	require_root
	install_packages
	write_configuration
	mkdir -p /run/munge && chown munge: /run/munge
	[ -e /etc/munge/munge.key ] || { (umask 077 && head -c 1024 /dev/urandom >/etc/munge/munge.key) && chown munge: /etc/munge/munge.key; }
	munge -n >/dev/null 2>&1 || { runuser -u munge -- munged && touch "$STATE/munged"; }
	scontrol ping 2>/dev/null | grep -q UP || slurmctld -c
	[ -e "$STATE/slurmd.pid" ] && kill -0 "$(cat "$STATE/slurmd.pid")" 2>/dev/null || slurmd -N "$(hostname -s)"
	for _ in $(seq 60); do
		sinfo --noheader --format=%t 2>/dev/null | grep -Eq "idle|mix" && { sinfo; return; }
		sleep 1
	done
	echo "slurm_node: the node did not come up; see $STATE/*.log" >&2
	exit 1
}

# The configuration goes too: while one names a controller that does not answer, each start of Snakemake waits 9 s for it.
stop() {
	require_root
	for daemon in slurmd slurmctld; do
		[ -e "$STATE/$daemon.pid" ] && kill "$(cat "$STATE/$daemon.pid")" 2>/dev/null || true
	done
	[ ! -e "$STATE/munged" ] || { runuser -u munge -- munged --stop && rm "$STATE/munged"; }
	if grep -qsF "$MARK" "$CONFIGURATION"; then rm "$CONFIGURATION" /etc/slurm/gres.conf; fi
}

case "${1:-}" in
	start) start ;;
	stop) stop ;;
	*) echo "usage: slurm_node.sh start|stop" >&2; exit 2 ;;
esac
