#pragma once

#include "run/frame.h"

namespace quantscope {

/// Answers the frames of a RunClient until it goes away: opens models, takes data, runs, and stops a run when a cancel
/// frame comes. What it cannot do is answered with a Failed frame; it ends with the channel. Returns an exit status.
int serveRuns(FrameChannel &channel);

} // namespace quantscope
