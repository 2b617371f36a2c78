/** What VXLAN adds to a frame and which VTEPs a network has. Pure: no sockets. */
@NullMarked
package io.meshd.dataplane.vxlan;

import org.jspecify.annotations.NullMarked;
