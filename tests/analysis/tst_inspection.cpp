#include "analysis/inspection.h"

#include "support/memory_slot.h"

#include <QtTest>

using namespace quantscope;
using test::affine, test::slotOf;

namespace {

SlotQuantizer weightOf(float scale)
{
    return slotOf({0.5f, -0.25f, 1.0f, 0.0f}, {2, 2}, affine(8, true, true, {{}, {}, {scale}}));
}

std::shared_ptr<const Network> networkOf(const std::vector<std::pair<std::string, SlotQuantizer>> &weights)
{
    auto network = std::make_shared<Network>();
    network->file = std::make_shared<const ModelFile>();
    for (const auto &[name, slot] : weights) {
        Layer layer;
        layer.name = name;
        layer.slots.push_back(slot);
        network->add(std::move(layer));
    }
    return network;
}

} // namespace

class TestInspection : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatMakesOtherCodes_data()
    {
        QTest::addColumn<QString>("change");
        QTest::addColumn<bool>("same");
        QTest::newRow("nothing") << "" << true;
        QTest::newRow("where the scale comes from") << "origin" << true;
        QTest::newRow("preset of the same numbers") << "preset" << true;
        QTest::newRow("scale") << "scale" << false;
        QTest::newRow("bit width") << "bits" << false;
        QTest::newRow("rounding") << "rounding" << false;
        QTest::newRow("no quantizer") << "none" << false;
        QTest::newRow("tensor") << "tensor" << false;
        QTest::newRow("channels along another axis") << "axis" << false;
    }

    void whatMakesOtherCodes()
    {
        QFETCH(QString, change);
        QFETCH(bool, same);
        const SlotQuantizer before = weightOf(0.5f);
        SlotQuantizer after = before;
        if (change == "origin")
            after.quantizer->origin["scale"] = {Origin::Recipe, "entry 5"};
        else if (change == "preset")
            after.preset = "Int8WeightPerTensorFixedPoint";
        else if (change == "scale")
            after.quantizer->scale->values[0] = 0.25f;
        else if (change == "bits")
            after.quantizer->bitWidth = 7;
        else if (change == "rounding")
            after.quantizer->rounding = Rounding::Floor;
        else if (change == "none")
            after.quantizer.reset();
        else if (change == "tensor")
            after.tensor = std::make_shared<TensorInfo>(*before.tensor);
        else if (change == "axis")
            after.channelAxis = 1;
        QCOMPARE(sameCodes(before, after), same);
        QCOMPARE(sameCodes(after, before), same);
    }

    /// Of three layers the second is edited and the third leaves: what is known of the first stays, as the same object.
    void anEditKeepsTheOthers()
    {
        const SlotQuantizer a = weightOf(1), b = weightOf(2), c = weightOf(3);
        Inspection before{networkOf({{"a", a}, {"b", b}, {"c", c}}), {}, {}};
        for (const Layer &layer : before.network->layers)
            before.statistics[{layer.id, Slot::Weight}] = std::make_shared<const SlotStatistics>();
        SlotQuantizer edited = b;
        edited.quantizer->bitWidth = 4;
        const StatisticsMap kept = keptStatistics(before, *networkOf({{"new", c}, {"b", edited}, {"a", a}}));
        QCOMPARE(kept.size(), std::size_t{1});
        QCOMPARE(kept.at({layerId(2), Slot::Weight}), before.statistics.at({layerId(0), Slot::Weight}));
    }

    void nothingIsKeptOfNothing() { QVERIFY(keptStatistics({}, *networkOf({{"a", weightOf(1)}})).empty()); }
};

QTEST_APPLESS_MAIN(TestInspection)
#include "tst_inspection.moc"
