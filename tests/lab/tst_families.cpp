// The model has members named `slots`.
#include "lab/candidates.h"
#include "lab/families.h"
#include "support/memory_slot.h"

#include <set>

#include <QtTest>

using namespace quantscope;

class TestFamilies : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Every row is a candidate that has a width to choose, under the name that its points bear.
    void everyRowCanBeSwept()
    {
        std::set<std::string> titles;
        for (const SweepFamily &family : weightFamilies()) {
            const std::string name(family.name);
            const auto candidate = parseCandidate(name);
            QVERIFY2(candidate, name.c_str());
            const auto swept = atWidths({*candidate}, 2, 4);
            QCOMPARE(swept.size(), std::size_t{3});
            for (const CandidateText &one : swept)
                QCOMPARE(candidateFamily(one.text), name);
            QCOMPARE(weightFamilyTitle(name), family.title);
            QVERIFY2(titles.insert(std::string(family.title)).second, name.c_str());
        }
    }

    void thoseSweptByDefaultStandFirst()
    {
        bool more = true;
        int count = 0;
        for (const SweepFamily &family : weightFamilies()) {
            QVERIFY(more || !family.byDefault);
            more = family.byDefault;
            count += family.byDefault ? 1 : 0;
        }
        QCOMPARE(count, 3);
        QCOMPARE(weightFamilyTitle("ap_fixed<6,0>"), std::string_view("ap_fixed<6,0>"));
    }

    void offersOfActivations_data()
    {
        QTest::addColumn<int>("bits");
        QTest::addColumn<bool>("isSigned");
        QTest::addColumn<float>("scale");
        QTest::addColumn<bool>("storesThreshold");
        QTest::addColumn<bool>("hasData");
        QTest::addColumn<QStringList>("offers"); ///< "TEXT is NAME" where the list of a selection has another name
        const QStringList words{"ap_ufixed<4,2> is ap_ufixed<W,I-1>", "ap_ufixed<4,3> is ap_ufixed<W,I>",
            "ap_ufixed<4,4> is ap_ufixed<W,I+1>"};
        const auto both = [](const QString &kind, const QString &rest, const QString &family) {
            QStringList out;
            for (const char *scale : {"Float", "FixedPoint"})
                out << kind + "nt8ActPerTensor" + scale + rest + " is " + kind + "nt8ActPerTensor" + scale + family;
            return out;
        };
        QTest::newRow("a threshold, four bits")
            << 4 << false << 0.5f << true << false << both("Ui", ",bit_width=4", "") + words;
        QTest::newRow("nothing but the grid") << 4 << false << 0.5f << false << false << words;
        QStringList ranges;
        for (const QString range : {",range=max", ",range=99.99", ",range=99.9"})
            ranges += both("I", range, range);
        QTest::newRow("data, eight bits, no power of two") << 8 << true << 0.1f << false << true << ranges;
        QTest::newRow("a threshold and data") << 8 << true << 0.1f << true << true << both("I", "", "") + ranges;
    }

    /// What the lab tries of an activation, and the names by which layers of different types share a column.
    void offersOfActivations()
    {
        QFETCH(int, bits);
        QFETCH(bool, isSigned);
        QFETCH(float, scale);
        QFETCH(bool, storesThreshold);
        QFETCH(bool, hasData);
        SlotQuantizer slot;
        slot.slot = Slot::Act;
        slot.quantizer = test::affine(bits, isSigned, false, {{}, {}, {scale}});
        QStringList offers;
        for (const CandidateText &one : offeredActivations(slot, storesThreshold, hasData))
            offers << QString::fromStdString(one.text + " is " + offerName(slot, one));
        QTEST(offers, "offers");
    }
};

QTEST_GUILESS_MAIN(TestFamilies)
#include "tst_families.moc"
