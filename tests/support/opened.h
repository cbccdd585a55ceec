#pragma once

#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "open/open_network.h"

namespace quantscope::test {

/// What a file says itself. Throws ParseError.
inline Network opened(const std::string &path)
{
    const auto file = openModel(path);
    if (!file)
        throw ParseError(file.error().text());
    auto network = recoverQuantizers(*file);
    if (!network)
        throw ParseError(network.error().text());
    return *std::move(network);
}

/// A file's network with the exports beside it, under a recipe at hand.
inline Result<Network> openedNetwork(std::shared_ptr<const ModelFile> file, const Recipe &recipe)
{
    return OpenedModel(std::move(file), recipe).withExports().and_then([](const OpenedModel &model) {
        return model.network();
    });
}

} // namespace quantscope::test
