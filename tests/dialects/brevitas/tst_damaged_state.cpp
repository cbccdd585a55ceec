// Checkpoints whose tensors contradict each other: no reader can refuse them, so recovery has to stand them. Every
// Brevitas checkpoint of the test data is damaged in reproducible ways, and everything the tool would do with the
// quantizers is done. What counts is that each quantizer is right or an error; the sanitizer build sees the rest.
#include "analysis/analyse.h"
#include "analysis/statistics.h"
#include "dialects/brevitas/recipe_words.h"
#include "dialects/brevitas/recipe_writer.h"
#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "support/golden.h"
#include "support/paths.h"
#include "support/recipes.h"

#include <cstring>
#include <limits>
#include <random>

#include <QDirIterator>
#include <QtTest>

using namespace quantscope;

namespace {

constexpr std::int64_t kMostElements = 1 << 16;

class Damage {
public:
    explicit Damage(unsigned seed)
        : m_random(seed)
    {
    }

    void apply(ModelFile &file)
    {
        for (std::size_t changes = 1 + pick(4); changes > 0 && !file.tensors.empty(); --changes) {
            TensorInfo &tensor = file.tensors[pick(file.tensors.size())];
            TensorInfo &other = file.tensors[pick(file.tensors.size())];
            switch (pick(6)) {
            case 0: std::swap(tensor.name, other.name); break;
            case 1: tensor.name = file.tensors[pick(file.tensors.size())].name; break;
            case 2: reshape(tensor, other.shape); break;
            case 3: reshape(tensor, oddShape(tensor.shape)); break;
            case 4: fill(tensor); break;
            default: std::swap(tensor.dtype, other.dtype); break;
            }
        }
        file.buildIndex();
    }

private:
    std::size_t pick(std::size_t below) { return m_random() % below; }

    Shape oddShape(Shape shape)
    {
        switch (pick(6)) {
        case 0: return {};
        case 1: return {0};
        case 2: shape.push_back(1 + static_cast<std::int64_t>(pick(3))); return shape;
        case 3: shape.insert(shape.begin(), 1); return shape;
        case 4: std::reverse(shape.begin(), shape.end()); return shape;
        default:
            if (!shape.empty())
                shape[pick(shape.size())] = static_cast<std::int64_t>(pick(9));
            return shape;
        }
    }

    void reshape(TensorInfo &tensor, const Shape &shape)
    {
        if (shape.size() > 5 || elementCount(shape) > kMostElements)
            return;
        tensor.shape = shape;
        tensor.strides.clear();
        fill(tensor);
    }

    void fill(TensorInfo &tensor)
    {
        constexpr float inf = std::numeric_limits<float>::infinity();
        const float values[] = {0, -0.0f, 1, -1, 0.1f, -2.6f, 1e-40f, 3e38f, -3e38f, inf, -inf, std::nanf("")};
        std::vector<float> content(elementCount(tensor.shape));
        const bool wild = pick(2) == 0;
        for (float &x : content)
            x = wild ? values[pick(std::size(values))] : static_cast<float>(pick(2001)) / 1000.0f - 1.0f;
        std::vector<std::byte> bytes(content.size() * sizeof(float));
        if (!bytes.empty())
            std::memcpy(bytes.data(), content.data(), bytes.size());
        tensor.dtype = DType::Float32;
        tensor.storage = {};
        tensor.storage.bytes = bytes.size();
        tensor.storage.source = std::make_shared<MemorySource>(std::move(bytes));
    }

    std::mt19937 m_random;
};

/// Reads what every view reads; false when a quantizer that claims to be complete has codes outside its range.
bool usable(const SlotQuantizer &slot)
{
    if (!slot.quantizer || !slot.quantizer->isComplete() || !slot.tensor)
        return true;
    const Quantizer &q = *slot.quantizer;
    const auto statistics = analyse(slot, {.hash = true, .channels = true});
    if (!statistics || q.rule == CodeRule::MinifloatPattern || q.rule == CodeRule::BitPattern)
        return true;
    const CodeRange range = codeRange(q);
    const bool whole = q.wordBits() < 26; // wider codes of Brevitas are float32 and may be one beyond
    return statistics->count == 0 || !whole
        || (std::min<std::int64_t>(0, range.min) <= statistics->codesMin && statistics->codesMax <= range.max);
}

} // namespace

class TestDamagedState : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyCheckpoint_data()
    {
        QTest::addColumn<QString>("folder");
        for (const char *version : {"0.6.0", "0.7.1", "0.9.1", "0.10.2", "0.12.1"})
            QTest::newRow(version) << QStringLiteral("brevitas/") + QLatin1String(version);
    }

    void everyCheckpoint()
    {
        QFETCH(QString, folder);
        QDirIterator it(QString::fromStdString(test::data(folder.toStdString())), {"*.pt"}, QDir::Files);
        int recovered = 0, refused = 0;
        while (it.hasNext()) {
            const QString path = it.next();
            const auto file = openModel(path.toStdString());
            if (!file || path.endsWith(".ts.pt") || it.fileInfo().size() > 2'000'000)
                continue;
            const auto golden = test::golden(path.chopped(3).toStdString() + ".json");
            if (!golden.contains("layers"))
                continue;
            const auto recipe = parseRecipe(test::recipeOfGolden(golden), "golden.toml");
            QVERIFY(recipe.has_value());
            for (unsigned seed = 0; seed < 24; ++seed) {
                auto damaged = std::make_shared<ModelFile>(**file);
                Damage(seed * 7919 + static_cast<unsigned>(it.fileInfo().size())).apply(*damaged);
                const auto network = recoverQuantizers(damaged, seed % 3 == 0 ? Recipe() : *recipe);
                (network ? recovered : refused) += 1;
                if (!network)
                    continue; // the recipe does not fit the damaged file
                for (const Layer &layer : network->layers)
                    for (const SlotQuantizer &slot : layer.slots)
                        QVERIFY2(usable(slot),
                            qPrintable(QStringLiteral("%1, seed %2: %3 %4")
                                           .arg(path)
                                           .arg(seed)
                                           .arg(QString::fromStdString(layer.name),
                                               QString::fromStdString(std::string(slotName(slot.slot))))));
                const auto again = parseRecipe(recipeToml(*network), "again.toml");
                QVERIFY2(again.has_value(), again ? "" : again.error().text().c_str());
            }
        }
        qInfo("%s: %d recovered, %d refused", qPrintable(folder), recovered, refused);
        QVERIFY(recovered > refused);
    }
};

QTEST_GUILESS_MAIN(TestDamagedState)
#include "tst_damaged_state.moc"
