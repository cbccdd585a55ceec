#pragma once

#include "run/frame.h"
#include "run/run_request.h"
#include "run/run_result.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// What both programs must agree on: the number of the format, and the version that they are of, since a result is
/// what one version computes.
struct HelloMessage {
    int protocol = 0;
    std::string version;
    bool operator==(const HelloMessage &) const = default;
};
HelloMessage ownHello();

struct OpenedMessage {
    std::vector<std::string> notes;
    bool kept = false; ///< it was open, its files are the same: the data that were handed over are still there
};

struct DataTakenMessage {
    std::uint64_t samples = 0;
};

struct RunMessage {
    std::vector<std::string> with;
    bool allFloat = false, layerOutputs = false, outputs = false, magnitudes = false;
    std::uint64_t memoryLimit = 0; ///< bytes of activations kept between runs
};

struct ProgressMessage {
    std::uint64_t done = 0, total = 0; ///< nodes of all pieces
};

/// Rows of an output of the graph, or of what leaves a layer, in the order of the samples.
struct ArrayMessage {
    std::string name; ///< `layer/NAME` for layers
    Shape shape; ///< of these rows
    std::vector<float> values;
};

// Payloads of frames. Reading throws ParseError for what is no such message: a missing or an unknown member, another
// type, a count that does not fit.
std::string payloadOf(const HelloMessage &message);
std::string payloadOf(const RunModel &message);
std::string payloadOf(const OpenedMessage &message);
std::string payloadOf(const RunData &message);
std::string payloadOf(const DataTakenMessage &message);
std::string payloadOf(const RunMessage &message);
std::string payloadOf(const ProgressMessage &message);
std::string payloadOf(std::string_view name, const Shape &shape, std::span<const float> values);
std::string payloadOf(const Error &message);
HelloMessage helloIn(std::string_view payload);
RunModel modelIn(std::string_view payload);
OpenedMessage openedIn(std::string_view payload);
RunData dataIn(std::string_view payload);
DataTakenMessage dataTakenIn(std::string_view payload);
RunMessage runIn(std::string_view payload);
ProgressMessage progressIn(std::string_view payload);
ArrayMessage arrayIn(std::string_view payload);
Error errorIn(std::string_view payload);

} // namespace quantscope
