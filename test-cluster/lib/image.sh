# Sourced by what makes images: archives as `docker save` writes them, without times and owners of this
# machine, so that the same contents give the same image ID wherever they are made and loaded.

# pack FOLDER ARCHIVE FILE...: files of the folder, by their paths in it
pack() {
  local folder=$1 to=$2
  shift 2
  tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$folder" -cf "$to" "$@"
}

# as_image FOLDER NAME[:TAG] LAYER...: FOLDER/image.tar, of archives that are in the folder, the lowest
# first. $cmd: what it runs, as JSON's strings with commas between; a shell where it is unset.
as_image() {
  local folder=$1 tag=$2 layer machine layers=() digests=() runs=${cmd:-'"sh"'}
  shift 2
  for layer in "$@"; do
    layers+=("\"$layer\"")
    digests+=("\"sha256:$(sha256sum "$folder/$layer" | cut -d' ' -f1)\"")
  done
  [[ $tag == *:* ]] || tag=$tag:latest
  case $(uname -m) in x86_64) machine=amd64 ;; aarch64) machine=arm64 ;; *) machine=$(uname -m) ;; esac
  cat >"$folder/config.json" <<EOF
{"architecture":"$machine","os":"linux","created":"1970-01-01T00:00:00Z",
 "config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":[$runs]},
 "rootfs":{"type":"layers","diff_ids":[$(IFS=,; echo "${digests[*]}")]},
 "history":[$(for layer in "$@"; do printf '%s{"created":"1970-01-01T00:00:00Z"}' "${sep-}"; local sep=,; done)]}
EOF
  cat >"$folder/manifest.json" <<EOF
[{"Config":"config.json","RepoTags":["$tag"],"Layers":[$(IFS=,; echo "${layers[*]}")]}]
EOF
  pack "$folder" "$folder/image.tar" manifest.json config.json "$@"
}
