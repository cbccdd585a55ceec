#pragma once

#include "open/open_network.h"

namespace quantscope::test {

/// A file's network with the exports beside it, under a recipe at hand.
inline Result<Network> openedNetwork(std::shared_ptr<const ModelFile> file, const Recipe &recipe)
{
    return OpenedModel(std::move(file), recipe).withExports().and_then([](const OpenedModel &model) {
        return model.network();
    });
}

} // namespace quantscope::test
