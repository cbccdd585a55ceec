#pragma once

#include <QString>

#include <string>

#include <nlohmann/json.hpp>

namespace quantscope::test {

/// The recipe, as TOML, of a golden that Brevitas wrote: one [[layer]] per layer and one [[quantizer]] per enabled
/// quantizer.
std::string recipeOfGolden(const nlohmann::json &golden);

/// Fails the test unless a recipe of that text is a usage error that names its file and says each of `says`.
void verifyRefused(const QString &text, const QStringList &says);

} // namespace quantscope::test
