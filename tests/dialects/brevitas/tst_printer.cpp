#include "analysis/analyse.h"
#include "analysis/statistics.h"
#include "dialects/brevitas/printer.h"
#include "dialects/brevitas/recipe_words.h"
#include "formats/open_model.h"
#include "support/opened.h"
#include "support/paths.h"
#include "support/program.h"

#include <QDir>

using namespace quantscope;
using quantscope::test::programPath;
using quantscope::test::Run;
using quantscope::test::runWith;

namespace {

/// Equal doubles, NaN being itself; one value stands for all.
bool same(const std::vector<double> &live, const std::vector<float> &found)
{
    const std::size_t count = std::max(live.size(), found.size());
    if (live.empty() || found.empty() || (live.size() != count && live.size() != 1)
        || (found.size() != count && found.size() != 1))
        return false;
    for (std::size_t i = 0; i < count; ++i) {
        const double a = live[live.size() == 1 ? 0 : i], b = double(found[found.size() == 1 ? 0 : i]);
        if (a != b && !(std::isnan(a) && std::isnan(b)))
            return false;
    }
    return true;
}

/// What of a slot is not as the live model had it; empty when all is.
QString difference(const RecipeProof &proof, const SlotQuantizer *slot)
{
    if (slot == nullptr || !slot->quantizer)
        return "is not known";
    const Quantizer &q = *slot->quantizer;
    if (!q.bitWidth || double(*q.bitWidth) != proof.bitWidth)
        return QString("has %1 bits, live %2").arg(q.bitWidth.value_or(0)).arg(proof.bitWidth.value_or(0));
    if (q.isSigned != proof.isSigned)
        return "differs in its sign";
    if (!q.scale || !proof.scale || !same(*proof.scale, q.scale->values))
        return QString("has the scale %1, live %2")
            .arg(q.scale ? double(q.scale->values[0]) : 0.0, 0, 'g', 9)
            .arg(proof.scale ? (*proof.scale)[0] : 0.0, 0, 'g', 9);
    if (!q.zeroPoint || !proof.zeroPoint || !same(*proof.zeroPoint, q.zeroPoint->values))
        return "differs in its zero point";
    if (!slot->tensor || q.kind == QuantizerKind::Minifloat)
        return {};
    const auto stats = analyse(*slot, {.hash = true, .channels = false});
    return stats && stats->codesSha256 == proof.codesSha256 ? "" : "differs in its codes";
}

bool isOwn(const Recipe &recipe, const RecipeProof &proof)
{
    return std::ranges::any_of(recipe.quantizers, [&](const RecipeQuantizer &entry) {
        return entry.ownClass && entry.match == proof.layer && entry.slot == proof.slot;
    });
}

} // namespace

/// The Python that writes recipes, and what it wrote of live models.
class TestPrinter : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void standsInTheProgram()
    {
        const auto file = test::bytesOf(std::string(QUANTSCOPE_SOURCE_DIR) + "/resources/python/quantscope_recipe.py");
        const std::string_view text(reinterpret_cast<const char *>(file.data()), file.size());
        QVERIFY(text.find("def write(model, path, example_input=None)") != text.npos);
        QVERIFY(recipePrinter() == text);
    }

    void isPrinted()
    {
        if (!QFileInfo::exists(programPath()))
            QFAIL("QUANTSCOPE_BIN does not name the folder of the built programs: run this test through ctest");
        const Run run = runWith({"recipe", "--printer"});
        QCOMPARE(run.status, 0);
        QCOMPARE(run.err, QByteArray());
        QVERIFY(run.out == QByteArray(recipePrinter().data(), qsizetype(recipePrinter().size())));
        QCOMPARE(runWith({"recipe"}).status, 2);
        const Run both = runWith({"recipe", "--printer", "model.pt"});
        QCOMPARE(both.status, 2);
        QVERIFY2(both.err.contains("--printer"), both.err.constData());
    }

    void isTrue_data()
    {
        QTest::addColumn<std::string>("file");
        const QDir folder(QString::fromStdString(test::data("printer")));
        for (const QString &entry : folder.entryList({"*.pt"}, QDir::Files, QDir::Name))
            QTest::newRow(qPrintable(entry.chopped(3))) << folder.filePath(entry).chopped(3).toStdString();
    }

    /// Its words alone give what the live model computed, and with its proofs that is said.
    void isTrue()
    {
        QFETCH(std::string, file);
        const auto model = openModel(file + ".pt");
        const auto recipe = loadRecipe(file + ".recipe.toml");
        QVERIFY2(model && recipe, qPrintable(QString::fromStdString(recipe ? "" : recipe.error().text())));
        Recipe words = *recipe;
        words.proofs.clear();
        const auto unproven = test::openedNetwork(*model, words), proven = test::openedNetwork(*model, *recipe);
        QVERIFY(unproven && proven);
        QVERIFY(!recipe->proofs.empty());
        for (const RecipeProof &proof : recipe->proofs)
            compare(*recipe, proof, *unproven, *proven);
        for (const Diagnostic &said : proven->diagnostics)
            QVERIFY2(said.rule != "proof-differs" && !said.rule.starts_with("recipe-"), said.text.c_str());
    }

private:
    static void compare(const Recipe &recipe, const RecipeProof &proof, const Network &unproven, const Network &proven)
    {
        const auto slotOf = [&](const Network &network) {
            const Layer *layer = network.layer(proof.layer);
            return layer == nullptr ? nullptr : layer->slot(proof.slot);
        };
        const auto verify = [&](const char *how, const Network &network) {
            const QString found = difference(proof, slotOf(network));
            QVERIFY2(found.isEmpty(),
                qPrintable(QString("%1 %2 %3 (%4)")
                               .arg(QString::fromStdString(proof.layer))
                               .arg(QString::fromStdString(fmt::format("{}", proof.slot)))
                               .arg(found)
                               .arg(how)));
        };
        verify("with its proof", proven);
        if (!isOwn(recipe, proof) && !restsOnMean(slotOf(unproven)))
            verify("without", unproven);
    }

    /// The order of additions in torch is not ours: only the proof tells the last bit.
    static bool restsOnMean(const SlotQuantizer *slot)
    {
        return slot != nullptr && slot->quantizer && slot->quantizer->origin.count("scale") != 0
            && slot->quantizer->origin.at("scale").detail.find("mean") != std::string::npos;
    }
};

QTEST_APPLESS_MAIN(TestPrinter)
#include "tst_printer.moc"
