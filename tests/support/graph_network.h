#pragma once

#include "dialects/onnx/recover.h"
#include "support/graph_text.h"

namespace quantscope::test {

/// The network of a graph in text.
inline Network networkOf(const QString &text)
{
    const auto file = GraphText(text).file();
    Network network = listOnnx(file);
    recoverOnnx(network, {});
    return network;
}

} // namespace quantscope::test
