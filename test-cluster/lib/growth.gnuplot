# growth.gnuplot DATA-FOLDER PICTURE-FOLDER: what bench-growth measured. Called by it.
data = ARG1
set terminal svg size 900,340 background "white" font "sans-serif,11"
set logscale x
set format x "10^{%L}"
set grid
set key top right

set output ARG2."/growth-throughput.svg"
set multiplot layout 1,2 title "What is carried, by what has to be known (higher is better)"
set yrange [0:*]
set xlabel "endpoints, or networks of ten each"
set ylabel "one TCP stream, Gbit/s"
plot data."/endpoints" using 2:3 with linespoints lw 2 title "endpoints", \
     data."/networks" using 2:3 with linespoints lw 2 title "networks"
set ylabel "64-byte datagrams, 1000/s"
plot data."/endpoints" using 2:4 with linespoints lw 2 title "endpoints", \
     data."/networks" using 2:4 with linespoints lw 2 title "networks"
unset multiplot

set output ARG2."/growth-balancing.svg"
set multiplot layout 1,2 title "A virtual IP, without wires, one thread (higher is better)"
set xlabel "flows, or backends"
set ylabel "new flows, 1000/s"
plot "< grep ^backends ".data."/balancing" using 2:($3/1000) with linespoints lw 2 title "by backends", \
     "< grep ^flows ".data."/balancing" using 2:($3/1000) with linespoints lw 2 title "by flows"
set ylabel "frames of known flows, 1000/s"
plot "< grep ^backends ".data."/balancing" using 2:($4/1000) with linespoints lw 2 title "by backends", \
     "< grep ^flows ".data."/balancing" using 2:($4/1000) with linespoints lw 2 title "by flows"
unset multiplot

set output ARG2."/growth-cost.svg"
set multiplot layout 1,2 title "What it costs (lower is better)"
set key top left
set logscale y
set yrange [*:*]
set format y "10^{%L}"
set xlabel "endpoints, networks of ten each, backends"
set ylabel "a change of one endpoint, ms"
plot data."/endpoints" using 2:5 with linespoints lw 2 title "endpoints", \
     data."/networks" using 2:5 with linespoints lw 2 title "networks", \
     "< grep ^backends ".data."/balancing" using 2:5 with linespoints lw 2 title "backends"
set ylabel "memory, bytes"
set xlabel "endpoints, networks of ten each, backends, flows"
plot data."/endpoints" using 2:6 with linespoints lw 2 title "endpoints (whole heap)", \
     data."/networks" using 2:6 with linespoints lw 2 title "networks (whole heap)", \
     "< grep ^backends ".data."/balancing" using 2:6 with linespoints lw 2 title "backends", \
     "< grep ^flows ".data."/balancing" using 2:6 with linespoints lw 2 title "flows"
unset multiplot

set output ARG2."/growth-delay.svg"
unset logscale y
set format y "%g"
set format x "%g"
set key bottom right
set title "A round trip every 2 ms, while a thousand changes a second are applied"
set xlabel "ms"
set ylabel "part of the round trips that took at most so long"
set yrange [0:1]
count(file) = int(system("wc -l <".file))
quiet = count(data."/trips-quiet")
changes = count(data."/trips-changes")
plot data."/trips-quiet" using 1:($0/quiet) with lines lw 2 title "without changes", \
     data."/trips-changes" using 1:($0/changes) with lines lw 2 title "with changes"
