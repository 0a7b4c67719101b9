# Completion of gale-lb and gale-node in bash.
_gale_service() {
	local words='--config --check-config --version --help'
	[[ ${COMP_WORDS[0]##*/} != gale-lb ]] || words+=' --detach'
	if [[ ${COMP_WORDS[COMP_CWORD - 1]} == --config ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
	else
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}")
	fi
}
complete -o filenames -F _gale_service gale-lb gale-node
