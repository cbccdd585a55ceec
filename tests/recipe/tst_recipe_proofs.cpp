#include "base/text.h"
#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/recipe_words.h"
#include "recipe/recipe_text.h"
#include "recipe/recipe_toml.h"
#include "support/recipes.h"

#include <cmath>

#include <QtTest>

using namespace quantscope;

namespace {

const std::string kSha(64, 'a');

/// Everything that an entry or a proof can say beside presets and keywords.
const std::string kWhole = "brevitas = \"0.10.2\"\n\n"
                           "[[quantizer]]\nmatch = \"fc\"\nslot = \"weight\"\nown_class = \"net.<locals>.Mine\"\n\n"
                           "[[quantizer]]\nmatch = \"relu\"\nslot = \"act\"\npreset = \"Uint8ActPerTensorFloat\"\n"
                           "scale_shared_with = \"join:act\"\nassumed = true\n\n"
                           "[[quantizer]]\nmatch = \"relu2\"\nslot = \"act\"\nthreshold_shared_with = \"join\"\n\n"
                           "[[proof]]\nlayer = \"fc\"\nslot = \"weight\"\nbit_width = 4\nsigned = true\n"
                           "scale = [\"0x1p-7\", \"0x1.99999ap-4\", \"nan\"]\nzero_point = [\"-0x0p+0\"]\n"
                           "codes_sha256_i32 = \""
    + kSha + "\"\n";

} // namespace

/// What a recipe keeps of what a live model computed, and what it marks as confirmed by nobody.
class TestRecipeProofs : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void read()
    {
        const auto recipe = parseRecipe(kWhole, "r.toml");
        QVERIFY2(recipe, recipe ? "" : recipe.error().text().c_str());
        QCOMPARE(recipe->quantizers[0].ownClass, std::optional<std::string>("net.<locals>.Mine"));
        QVERIFY(!recipe->quantizers[0].assumed);
        QCOMPARE(recipe->quantizers[1].scaleSharedWith, std::optional<std::string>("join:act"));
        QVERIFY(recipe->quantizers[1].assumed);
        QCOMPARE(recipe->quantizers[2].thresholdSharedWith, std::optional<std::string>("join"));
        QCOMPARE(recipe->proofs.size(), std::size_t(1));
        const RecipeProof &proof = recipe->proofs.front();
        QCOMPARE(proof.layer, std::string("fc"));
        QCOMPARE(proof.slot, Slot::Weight);
        QCOMPARE(proof.bitWidth, std::optional(4.0));
        QCOMPARE(proof.isSigned, std::optional(true));
        QCOMPARE(proof.scale->size(), std::size_t(3));
        QCOMPARE((*proof.scale)[0], 0.0078125);
        QCOMPARE(static_cast<float>((*proof.scale)[1]), 0.1f);
        QVERIFY(std::isnan((*proof.scale)[2]));
        QVERIFY(std::signbit((*proof.zeroPoint)[0]));
        QCOMPARE(proof.codesSha256, std::optional(kSha));
        QCOMPARE(proof.number, 1);
        QVERIFY(!parseRecipe("[[proof]]\nlayer = \"fc\"\nslot = \"weight\"\n", "r.toml")->empty());
    }

    /// As Python's float.hex() writes them.
    void pythonNumbers_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<double>("value");
        QTest::newRow("one") << "0x1.0000000000000p+0" << 1.0;
        QTest::newRow("a denormal") << "0x0.0000000000001p-1022" << 0x1p-1074;
        QTest::newRow("negative") << "-0x1.8000000000000p+1" << -3.0;
        QTest::newRow("infinite") << "-inf" << -HUGE_VAL;
        QTest::newRow("capitals and a sign") << "+0X1.8P+1" << 3.0;
    }
    void pythonNumbers()
    {
        QFETCH(QString, text);
        QFETCH(double, value);
        const auto recipe
            = parseRecipe("[[proof]]\nlayer = \"fc\"\nslot = \"act\"\nscale = [\"" + text.toStdString() + "\"]\n", "r");
        QVERIFY2(recipe, recipe ? "" : recipe.error().text().c_str());
        QCOMPARE(recipe->proofs.front().scale->front(), value);
    }

    void errors_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QStringList>("says");
        const std::string proof = "[[proof]]\nlayer = \"fc\"\nslot = \"weight\"\n";
        const auto row = [&](const char *name, const std::string &text, QStringList says) {
            QTest::newRow(name) << QString::fromStdString(text) << says;
        };
        row("a proof of no layer", "[[proof]]\nslot = \"weight\"\n", {"needs layer", "line 1"});
        row("a proof of no slot", "[[proof]]\nlayer = \"fc\"\n", {"needs slot"});
        row("a proof's slot", "[[proof]]\nlayer = \"fc\"\nslot = \"wieght\"\n", {"did you mean \"weight\""});
        row("a proof's key", proof + "scales = [\"0x1p-7\"]\n", {"not a key of [[proof]]", "did you mean \"scale\""});
        row("a proof's bare number", proof + "scale = [0.5]\n", {"scale[0] must be a text"});
        row("a proof's decimal number", proof + "scale = [\"0x1p-7\", \"0.5\"]\n",
            {"scale[1] = \"0.5\" is not a hexadecimal number", "line 4"});
        for (const char *number : {"0x", "0x1p", "0x1p-7 ", "0x-1p-7", "0xinf", "0x1p99999", "1p-7", "", "0x1g"})
            QTest::addRow("a proof's number \"%s\"", number)
                << QString::fromStdString(proof + "zero_point = [\"" + number + "\"]\n")
                << QStringList{"zero_point[0]", "is not a hexadecimal number"};
        row("a proof's empty list", proof + "scale = []\n", {"scale must be a list of hexadecimal strings"});
        row("a proof's single text", proof + "scale = \"0x1p-7\"\n", {"scale must be a list"});
        row("a proof's width", proof + "bit_width = 0\n", {"bit_width must be a positive number"});
        row("a proof's sign", proof + "signed = 1\n", {"signed must be true or false"});
        row("a proof's short hash", proof + "codes_sha256_i32 = \"abc\"\n", {"64 hexadecimal digits"});
        row("two proofs", proof + proof, {"fc weight has a proof in line 1 already", "line 4"});
        row("a proof as a table", "[proof]\nlayer = \"fc\"\n", {"[[proof]]"});
    }
    void errors()
    {
        QFETCH(QString, text);
        QFETCH(QStringList, says);
        test::verifyRefused(text, says);
    }

    void written()
    {
        const auto recipe = parseRecipe(kWhole, "r.toml");
        QCOMPARE(recipeText(*recipe), kWhole);
    }

    /// An edit in place leaves proofs and comments as they stand.
    void keptByEdits()
    {
        const std::string text = kWhole + "# behind\n";
        const auto edited
            = editedToml(text, withChoice(*parseRecipe(text, "r.toml"), {"fc", Slot::Weight, "binary", {}}));
        QVERIFY2(edited, edited ? "" : edited.error().text().c_str());
        const std::string before = "own_class = \"net.<locals>.Mine\"\n", after = "preset = \"binary\"\n";
        std::string wanted = text;
        wanted.replace(wanted.find(before), before.size(), after);
        QCOMPARE(*edited, wanted);
    }

    /// A person who chooses a preset confirms it; one who chooses a keyword confirms that keyword.
    void choicesConfirm()
    {
        const std::string text
            = "[[quantizer]]\nmatch = \"fc\"\nslot = \"weight\"\npreset = \"binary\"\nassumed = true\n";
        const Recipe recipe = *parseRecipe(text, "r.toml");
        const Recipe preset = withChoice(recipe, {"fc", Slot::Weight, "ternary", {}});
        QCOMPARE(preset.quantizers.size(), std::size_t(1));
        QVERIFY(!preset.quantizers[0].assumed);
        const Recipe keyword = withChoice(recipe, {"fc", Slot::Weight, "", {{"bit_width", "4"}}});
        QCOMPARE(keyword.quantizers.size(), std::size_t(2));
        QVERIFY(keyword.quantizers[0].assumed && !keyword.quantizers[1].assumed);
        QCOMPARE(
            *editedToml(text, keyword), text + "\n[[quantizer]]\nmatch = \"fc\"\nslot = \"weight\"\nbit_width = 4\n");
    }
};

QTEST_GUILESS_MAIN(TestRecipeProofs)
#include "tst_recipe_proofs.moc"
