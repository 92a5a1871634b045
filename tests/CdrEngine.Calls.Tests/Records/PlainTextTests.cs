using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CdrEngine.Calls.Records;
using Xunit;

namespace CdrEngine.Calls.Tests.Records;

public sealed class PlainTextTests
{
    [Fact]
    public void EveryCharacter_IsWrittenAsTheFrameworkDoes()
    {
        var texts = new List<string> { "", "plain", "sip:anna@example.net;transport=tcp", "\"Anna <A>\" & 'B' + \\ `", "Grüße", "\ud83d\ude00", "half \ud83d", "\ude00 half" };
        for (int character = 0; character < 0x3000; character++) texts.Add($"a{(char)character}b");
        foreach (string text in texts)
        {
            Assert.Equal(Written(text, JavaScriptEncoder.Default), Written(text, PlainText.Encoder));
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            Assert.Equal(Written(utf8, JavaScriptEncoder.Default), Written(utf8, PlainText.Encoder));
        }
    }

    [Fact]
    public void BytesThatAreNoText_AreWrittenAsTheFrameworkDoes()
    {
        foreach (byte[] bytes in (byte[][])[[0xff], [0xc3], [0x61, 0x80, 0x62], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98]])
            Assert.Equal(Written(bytes, JavaScriptEncoder.Default), Written(bytes, PlainText.Encoder));
    }

    private static string Written(string text, JavaScriptEncoder encoder) => Written(encoder, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString(text, text);
        writer.WriteEndObject();
    });

    private static string Written(byte[] utf8, JavaScriptEncoder encoder) => Written(encoder, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString(utf8, utf8);
        writer.WriteEndObject();
    });

    private static string Written(JavaScriptEncoder encoder, Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { SkipValidation = true, Encoder = encoder })) write(writer);
        return Convert.ToHexString(stream.ToArray());
    }
}
