#pragma once

#include "base/error.h"
#include "export/proof/proof_error.h"

#include <filesystem>
#include <string>

namespace quantscope {

/// The border where what a proof throws becomes an Error of kind Proof; ParseError and CancelledError pass.
template <class Work> auto guardedProof(Work &&work) -> Result<decltype(work())>
{
    const auto failed = [](const char *what, const std::string &why) {
        return tl::unexpected(Error{ErrorKind::Proof, {}, std::nullopt, what + why});
    };
    try {
        return work();
    } catch (const ProofError &error) {
        return failed("the proof failed: ", error.what());
    } catch (const std::filesystem::filesystem_error &error) {
        return failed("the proof could not be made: ", error.what());
    }
}

} // namespace quantscope
