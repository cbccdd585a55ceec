#include "support/recipes.h"

#include "dialects/brevitas/recipe_words.h"

#include <QtTest>

namespace quantscope::test {

namespace {

/// Goldens call every truncation TruncTo8bit, which rounds down; TruncAvgPool2d has RoundTo8bit of itself.
void nameTruncation(nlohmann::json &recipe, const nlohmann::json &quantizer)
{
    if (recipe.value("preset", "") == "TruncTo8bit" && quantizer.value("rounding", "") == "round")
        recipe["preset"] = "RoundTo8bit";
}

std::string quantizerEntry(const std::string &layer, const std::string &slot, const nlohmann::json &quantizer)
{
    nlohmann::json recipe = quantizer["recipe"];
    nameTruncation(recipe, quantizer);
    std::string out = "[[quantizer]]\nmatch = " + nlohmann::json(layer).dump() + "\nslot = \"" + slot + "\"\n";
    for (const char *key : {"preset", "input", "shared_with"})
        if (recipe.contains(key) && recipe[key].is_string())
            out += std::string(key) + " = " + recipe[key].dump() + "\n";
    const nlohmann::json overrides = recipe.value("overrides", nlohmann::json::object());
    for (const auto &[keyword, value] : overrides.items())
        out += keyword + " = " + value.dump() + "\n"; // JSON scalars and lists are TOML too
    return out + "\n";
}

} // namespace

std::string recipeOfGolden(const nlohmann::json &golden)
{
    std::string out = "brevitas = " + golden["brevitas"].dump() + "\n\n";
    for (const auto &layer : golden["layers"]) {
        const std::string name = layer["name"];
        std::string kind = layer.value("cls", "");
        if (kind.starts_with("Quant"))
            kind.erase(0, 5);
        out += "[[layer]]\nmatch = " + nlohmann::json(name).dump() + "\nkind = \"" + kind + "\"\n";
        if (layer.contains("groups") && layer["groups"].is_number())
            out += "groups = " + layer["groups"].dump() + "\n";
        out += "\n";
        for (const auto &[slot, quantizer] : layer["quantizers"].items())
            if (quantizer.value("enabled", false) && quantizer.contains("recipe") && !quantizer["recipe"].is_null())
                out += quantizerEntry(name, slot, quantizer);
    }
    return out;
}

void verifyRefused(const QString &text, const QStringList &says)
{
    const auto recipe = parseRecipe(text.toStdString(), "model.recipe.toml");
    QVERIFY(!recipe);
    QCOMPARE(recipe.error().kind, ErrorKind::Usage);
    const QString message = QString::fromStdString(recipe.error().text());
    QVERIFY2(message.startsWith("model.recipe.toml: "), qPrintable(message));
    for (const QString &part : says)
        QVERIFY2(message.contains(part), qPrintable(message));
}

} // namespace quantscope::test
