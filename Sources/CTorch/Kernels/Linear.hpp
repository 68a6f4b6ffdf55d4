// What the linear layers of both kinds, with weights as they are and with packed ones, have in common.
#pragma once

namespace ctorch {

/// Whether oneDNN multiplies float32 faster on this CPU than what libtorch would choose.
bool prefers_onednn();

}  // namespace ctorch
