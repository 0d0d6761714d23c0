namespace Factstone.Storage;

/// <summary>A file as a stream, from its beginning.</summary>
/// <param name="file">The file.</param>
/// <param name="ownsFile">Whether it is closed with the stream.</param>
internal sealed class StoredContent(IStorageFile file, bool ownsFile) : ReadOnlyContent
{
    long _read;

    public override int Read(Span<byte> buffer)
    {
        var read = file.Read(buffer, _read);
        _read += read;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && ownsFile) file.Dispose();
        base.Dispose(disposing);
    }
}
